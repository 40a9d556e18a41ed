/* SPDX-License-Identifier: Apache-2.0 */
/* Of an address everything is printed but the passwords, however it is written. */
#include <annotationd/annotationd.h>

typedef struct {
  const char *address;
  const char *masked;
} Case;

static void
check (const Case *cases, gsize count)
{
  for (gsize i = 0; i < count; i++) {
    g_autofree char *masked = annot_address_mask (cases[i].address);

    g_assert_cmpstr (masked, ==, cases[i].masked ? cases[i].masked : cases[i].address);
  }
}

static void
test_nothing_to_hide (void)
{
  static const Case cases[] = {
    { "", NULL },
    { "redis://host:6379/0", NULL },
    { "redis://user@host:6379/0", NULL },
    { "redis://:6379/0", NULL },
    { "redis://a,:6379", NULL },
    { "redis://a:26379;b:26379", NULL },
    { "rediss://[::1]:6379", NULL },
    { "unix:/run/redis.sock", NULL },
    { "unix:/run/a:b@c/redis.sock", NULL },
    { "unix:///run/a:b@c/redis.sock", NULL },
    { "unix:///run/redis.sock?db=1", NULL },
    { "postgresql://host1:1,host2:2,[::1]:3/db?application_name=a@b", NULL },
    { "postgresql://", NULL },
    { "postgresql:///db?user=a@b&host=/run", NULL },
    { "host=a user=b dbname = c", NULL },
    { "host='a b'  passfile=/x", NULL },
    { "host", NULL },
    { "host:26379,[::1]:26379", NULL },
  };

  check (cases, G_N_ELEMENTS (cases));
}

static void
test_url (void)
{
  static const Case cases[] = {
    { "redis://:hush@host:6379/0", "redis://:(hidden)@host:6379/0" },
    { "redis://user:hush@host", "redis://user:(hidden)@host" },
    { "redis://user:hu:sh@[::1]:6379/1", "redis://user:(hidden)@[::1]:6379/1" },
    { "rediss://user:%40%2F@host/1?x=y", "rediss://user:(hidden)@host/1?x=y" },
    { "postgresql://u:hush@h1,h2:5/db?sslmode=require", "postgresql://u:(hidden)@h1,h2:5/db?sslmode=require" },
    { "postgresql://h/db?password=hush&user=u", "postgresql://h/db?password=(hidden)&user=u" },
    { "postgresql://h/db?user=u&sslPassword=hush", "postgresql://h/db?user=u&sslPassword=(hidden)" },
    { "unix:/run/redis.sock?password=hush", "unix:/run/redis.sock?password=(hidden)" },
    { "unix://me:hush@/run/redis.sock?db=1", "unix://me:(hidden)@/run/redis.sock?db=1" },
    { "postgresql://u:hush@h/db?password=hush", "postgresql://u:(hidden)@h/db?password=(hidden)" },
  };

  check (cases, G_N_ELEMENTS (cases));
}

/* What is not encoded as it should be must not be printed for that. */
static void
test_malformed_url (void)
{
  static const Case cases[] = {
    { "redis://:hu/sh@host:6379/0", "redis://:(hidden)@host:6379/0" },
    { "redis://:hu?sh@host:6379/0", "redis://:(hidden)@host:6379/0" },
    { "redis://:hu#sh@host", "redis://:(hidden)@host" },
    { "redis://user:hu@sh@host", "redis://user:(hidden)@host" },
    { "redis://user:12/34@host", "redis://user:(hidden)@host" },
    { "redis://:@host", "redis://:(hidden)@host" },
    { "redis://:hush", "redis://(hidden)" },
    { "redis://:12?34@host", "redis://:(hidden)@host" },
    { "redis://:hush/0", "redis://(hidden)/0" },
    { "redis:/:hush@host", "(hidden)" },
    { ":hush@host:26379,other:26379", "(hidden)" },
    { "redis://host?passwd=hush", "redis://host?passwd=(hidden)" },
    { "unix://me:hush@/run/redis.sock&password=hush", "unix://me:(hidden)@/run/redis.sock&password=(hidden)" },
    { "unix:/run/redis.sock&password=hush", "unix:/run/redis.sock&password=(hidden)" },
  };

  check (cases, G_N_ELEMENTS (cases));
}

static void
test_pairs (void)
{
  static const Case cases[] = {
    { "host=a password=hush user=b", "host=a password=(hidden) user=b" },
    { "password = 'hu sh' host=a", "password = (hidden) host=a" },
    { "password='hu\\' sh' host=a", "password=(hidden) host=a" },
    { "password=hu\\ sh host=a", "password=(hidden) host=a" },
    { "host=a sslpassword=hush", "host=a sslpassword=(hidden)" },
    { "host=a password='hush", "host=a password=(hidden)" },
    { "host=a password hush", "host=a password (hidden)" },
    { "host=a password=hu sh dbname=b", "host=a password=(hidden)" },
    { "host=a password=hush dbname=b user = c", "host=a password=(hidden) dbname=b user = c" },
    { "host='password=x' PASSWORD=hush", "host='password=x' PASSWORD=(hidden)" },
  };

  check (cases, G_N_ELEMENTS (cases));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/address/nothing-to-hide", test_nothing_to_hide);
  g_test_add_func ("/address/url", test_url);
  g_test_add_func ("/address/malformed-url", test_malformed_url);
  g_test_add_func ("/address/pairs", test_pairs);
  return g_test_run ();
}
