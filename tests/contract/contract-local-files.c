/* SPDX-License-Identifier: Apache-2.0 */
/* What the `local` broker does with its files: truncation, rotation, odd lines, strangers, crashes, a full disk. */
#include "annot-test-backend.h"
#include "annot-test-consumer.h"
#include "annot-test-loop.h"
#include "annot-test-rooms.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define TOPIC "hard-examples"

typedef struct {
  char *directory; /* the state directory */
  char *topics;
  char *path; /* of TOPIC */
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->directory = annot_test_make_directory ();
  fixture->topics = g_build_filename (fixture->directory, "topics", NULL);
  fixture->path = g_build_filename (fixture->topics, TOPIC ".jsonl", NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  annot_test_remove_tree (fixture->directory);
  g_free (fixture->directory);
  g_free (fixture->topics);
  g_free (fixture->path);
}

static AnnotTestConsumer *
open_broker (Fixture *fixture)
{
  return annot_test_consumer_new ("local", fixture->directory, NULL);
}

static AnnotTestConsumer *
open_consumer (Fixture *fixture)
{
  AnnotTestConsumer *consumer = open_broker (fixture);

  annot_test_consumer_consume (consumer, TOPIC);
  return consumer;
}

static void
write_flags (const char *path, const char *data, gssize length, int flags)
{
  int fd = open (path, O_WRONLY | O_CREAT | flags, 0600);
  gssize size = length < 0 ? (gssize) strlen (data) : length;

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (write (fd, data, (gsize) size), ==, size);
  close (fd);
}

static void
append (Fixture *fixture, const char *text)
{
  write_flags (fixture->path, text, -1, O_APPEND);
}

static void
rotate (Fixture *fixture)
{
  for (guint i = 9; i > 0; i--) {
    g_autofree char *from = i > 1 ? g_strdup_printf ("%s.%u", fixture->path, i - 1) : g_strdup (fixture->path);
    g_autofree char *to = g_strdup_printf ("%s.%u", fixture->path, i);

    if (g_rename (from, to) < 0)
      g_assert_cmpint (errno, ==, ENOENT);
  }
}

static char *
read_all (const char *path)
{
  char *text = NULL;
  g_autoptr (GError) error = NULL;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  return text;
}

static void
assert_text (AnnotTestConsumer *consumer, guint index, const char *expected)
{
  g_autofree char *got = annot_test_consumer_text (consumer, index);

  g_assert_cmpstr (got, ==, expected);
}

/* Asserts that these and only these messages have come, in this order. */
static void
assert_all (AnnotTestConsumer *consumer, const char *const *expected)
{
  guint count = g_strv_length ((char **) expected);

  if (!annot_test_consumer_wait (consumer, count))
    g_test_message ("%u of %u messages came", consumer->messages->len, count);
  annot_test_wait_for (100);
  g_assert_cmpuint (consumer->messages->len, ==, count);
  for (guint i = 0; i < count; i++)
    assert_text (consumer, i, expected[i]);
  for (guint i = 1; i < count; i++) {
    const AnnotMessage *former = g_ptr_array_index (consumer->messages, i - 1);
    const AnnotMessage *message = g_ptr_array_index (consumer->messages, i);

    g_assert_cmpint (message->offset, >=, former->next_offset);
  }
}

#define ASSERT_ALL(consumer, ...) assert_all (consumer, (const char *const[]){ __VA_ARGS__, NULL })

static AnnotTestConsumer *
restart (AnnotTestConsumer *consumer, Fixture *fixture)
{
  annot_test_consumer_free (consumer);
  return open_consumer (fixture);
}

static void
test_offsets_are_bytes (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotTestConsumer) consumer = open_consumer (fixture);
  const AnnotMessage *message = NULL;

  append (fixture, "one\n\n  \r\n\ntwo\r\n\xff\xfe\xc3(\n");
  ASSERT_ALL (consumer, "one", "two", "\xff\xfe\xc3(");
  message = g_ptr_array_index (consumer->messages, 1);
  g_assert_cmpint (message->offset, ==, 10);
  g_assert_cmpint (message->next_offset, ==, 15);
  g_assert_cmpint (message->partition, ==, 0);
}

static void
test_directory_is_private (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotTestConsumer) consumer = open_broker (fixture);
  struct stat status;

  g_assert_cmpint (stat (fixture->topics, &status), ==, 0);
  g_assert_cmpint (status.st_mode & 0777, ==, 0700);
}

static void
test_unfinished_line (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotTestConsumer) consumer = NULL;

  g_mkdir (fixture->topics, 0700);
  append (fixture, "one\n{\"half\":");
  consumer = open_consumer (fixture);
  ASSERT_ALL (consumer, "one");
  annot_test_wait_for (1300);
  g_assert_cmpuint (consumer->messages->len, ==, 1);
  append (fixture, "1}");
  annot_test_wait_for (100);
  g_assert_cmpuint (consumer->messages->len, ==, 1);
  append (fixture, "\n");
  ASSERT_ALL (consumer, "one", "{\"half\":1}");
}

static void
test_no_final_newline_in_a_rotated_file (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotTestConsumer) consumer = open_consumer (fixture);

  append (fixture, "one\ntwo");
  ASSERT_ALL (consumer, "one");
  rotate (fixture);
  append (fixture, "three\n");
  ASSERT_ALL (consumer, "one", "two", "three");
  annot_test_consumer_store (consumer, 1);
  consumer = restart (g_steal_pointer (&consumer), fixture);
  ASSERT_ALL (consumer, "three");
}

static void
test_truncation (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotTestConsumer) consumer = open_consumer (fixture);

  append (fixture, "one\ntwo\n");
  ASSERT_ALL (consumer, "one", "two");
  g_assert_cmpint (truncate (fixture->path, 0), ==, 0);
  annot_test_wait_for (100);
  append (fixture, "three\n");
  ASSERT_ALL (consumer, "one", "two", "three");
  annot_test_consumer_store (consumer, 2);
  consumer = restart (g_steal_pointer (&consumer), fixture);
  append (fixture, "four\n");
  ASSERT_ALL (consumer, "four");
}

/* `> file` and the new content come between two looks: as long as before, and longer. */
static void
test_overwriting (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotTestConsumer) consumer = open_consumer (fixture);

  append (fixture, "{\"n\":1}\n");
  ASSERT_ALL (consumer, "{\"n\":1}");
  write_flags (fixture->path, "{\"n\":2}\n", -1, O_TRUNC);
  ASSERT_ALL (consumer, "{\"n\":1}", "{\"n\":2}");
  write_flags (fixture->path, "{\"n\":3}\n{\"n\":4}\n", -1, O_TRUNC);
  ASSERT_ALL (consumer, "{\"n\":1}", "{\"n\":2}", "{\"n\":3}", "{\"n\":4}");
  annot_test_consumer_store (consumer, 1);
  consumer = restart (g_steal_pointer (&consumer), fixture);
  ASSERT_ALL (consumer, "{\"n\":3}", "{\"n\":4}");
}

static void
test_truncation_while_down (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotTestConsumer) consumer = open_consumer (fixture);
  gint64 before = 0;

  append (fixture, "one\ntwo\n");
  ASSERT_ALL (consumer, "one", "two");
  before = ((AnnotMessage *) g_ptr_array_index (consumer->messages, 1))->next_offset;
  annot_test_consumer_store (consumer, 1);
  g_clear_pointer (&consumer, annot_test_consumer_free);
  write_flags (fixture->path, "uno\ndos\ntres\n", -1, O_TRUNC);
  consumer = open_consumer (fixture);
  ASSERT_ALL (consumer, "uno", "dos", "tres");
  g_assert_cmpint (((AnnotMessage *) g_ptr_array_index (consumer->messages, 0))->offset, >=, before);
}

static void
test_rotation (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotTestConsumer) consumer = open_consumer (fixture);
  int late = -1;

  append (fixture, "one\n");
  ASSERT_ALL (consumer, "one");
  late = open (fixture->path, O_WRONLY | O_APPEND);
  rotate (fixture);
  append (fixture, "three\n");
  /* A writer that had the old file open. */
  g_assert_cmpint (write (late, "two\n", 4), ==, 4);
  close (late);
  ASSERT_ALL (consumer, "one", "two", "three");
  rotate (fixture);
  append (fixture, "four\n");
  rotate (fixture);
  append (fixture, "five\n");
  ASSERT_ALL (consumer, "one", "two", "three", "four", "five");
  annot_test_consumer_store (consumer, 1);
  consumer = restart (g_steal_pointer (&consumer), fixture);
  ASSERT_ALL (consumer, "three", "four", "five");
  annot_test_consumer_store (consumer, 2);
  consumer = restart (g_steal_pointer (&consumer), fixture);
  append (fixture, "six\n");
  ASSERT_ALL (consumer, "six");
}

static void
test_rotation_while_down (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotTestConsumer) consumer = open_consumer (fixture);

  append (fixture, "one\ntwo\nthree\n");
  ASSERT_ALL (consumer, "one", "two", "three");
  annot_test_consumer_store (consumer, 0);
  g_clear_pointer (&consumer, annot_test_consumer_free);
  rotate (fixture);
  append (fixture, "four\n");
  rotate (fixture);
  append (fixture, "five\n");
  consumer = open_consumer (fixture);
  ASSERT_ALL (consumer, "two", "three", "four", "five");
}

/* The file in which the offset was is gone: what is left is newer. */
static void
test_rotated_away_while_down (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotTestConsumer) consumer = open_consumer (fixture);
  g_autofree char *third = g_strconcat (fixture->path, ".3", NULL);

  append (fixture, "one\n");
  ASSERT_ALL (consumer, "one");
  annot_test_consumer_store (consumer, 0);
  g_clear_pointer (&consumer, annot_test_consumer_free);
  for (guint i = 0; i < 3; i++) {
    g_autofree char *line = g_strdup_printf ("later %u\n", i);

    rotate (fixture);
    append (fixture, line);
  }
  g_assert_cmpint (g_unlink (third), ==, 0);
  consumer = open_consumer (fixture);
  ASSERT_ALL (consumer, "later 0", "later 1", "later 2");
}

/* A rotated file that was finished is not read again when the one after it is moved out of the directory. */
static void
test_moved_away (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotTestConsumer) consumer = open_consumer (fixture);
  g_autofree char *archive = g_build_filename (fixture->directory, "archive", NULL);

  append (fixture, "one\n");
  ASSERT_ALL (consumer, "one");
  rotate (fixture);
  append (fixture, "two\n");
  ASSERT_ALL (consumer, "one", "two");
  annot_test_consumer_store (consumer, 1);
  g_assert_cmpint (g_rename (fixture->path, archive), ==, 0);
  append (fixture, "three\n");
  ASSERT_ALL (consumer, "one", "two", "three");
}

/* logrotate's copytruncate, while running and while down: the copy holds what was not read. */
static void
test_copytruncate (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotTestConsumer) consumer = open_consumer (fixture);
  g_autofree char *copy = g_strconcat (fixture->path, ".1", NULL);

  append (fixture, "{\"n\":1}\n{\"n\":2}\n");
  ASSERT_ALL (consumer, "{\"n\":1}", "{\"n\":2}");
  annot_test_consumer_store (consumer, 1);
  g_clear_pointer (&consumer, annot_test_consumer_free);
  append (fixture, "{\"n\":3}\n");
  {
    g_autofree char *text = read_all (fixture->path);

    write_flags (copy, text, -1, O_TRUNC);
  }
  write_flags (fixture->path, "{\"n\":4}\n", -1, O_TRUNC);
  consumer = open_consumer (fixture);
  ASSERT_ALL (consumer, "{\"n\":3}", "{\"n\":4}");
  annot_test_consumer_store (consumer, 0);
  consumer = restart (g_steal_pointer (&consumer), fixture);
  ASSERT_ALL (consumer, "{\"n\":4}");
}

static void
test_removed_and_made_again (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotTestConsumer) consumer = open_consumer (fixture);

  append (fixture, "one\n");
  ASSERT_ALL (consumer, "one");
  annot_test_consumer_store (consumer, 0);
  g_assert_cmpint (g_unlink (fixture->path), ==, 0);
  annot_test_wait_for (100);
  append (fixture, "two\n");
  ASSERT_ALL (consumer, "one", "two");
  consumer = restart (g_steal_pointer (&consumer), fixture);
  ASSERT_ALL (consumer, "two");
}

static void
test_damaged_offset (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotTestConsumer) consumer = open_consumer (fixture);
  g_autofree char *offset = g_build_filename (fixture->topics, "." TOPIC "@annotation-frontend-group.offset", NULL);

  append (fixture, "one\n");
  ASSERT_ALL (consumer, "one");
  annot_test_consumer_store (consumer, 0);
  g_clear_pointer (&consumer, annot_test_consumer_free);
  g_assert_true (g_file_test (offset, G_FILE_TEST_EXISTS));
  write_flags (offset, "garbage", -1, O_TRUNC);
  g_test_expect_message ("annotationd", G_LOG_LEVEL_WARNING, "*damaged*from its start*");
  consumer = open_consumer (fixture);
  ASSERT_ALL (consumer, "one");
  g_test_assert_expected_messages ();
}

static void
test_huge_line (Fixture *fixture, gconstpointer data)
{
  const char *const options[] = { "limits.message-bytes=64K", "limits.frame-bytes=32K", NULL };
  g_autoptr (AnnotTestConsumer) consumer = annot_test_consumer_new ("local", fixture->directory, options);
  g_autofree char *filler = g_strnfill (1024 * 1024, 'x');
  g_autofree char *exact = g_strnfill (64 * 1024, 'y');
  const AnnotMessage *message = NULL;
  gsize size = 0;

  annot_test_consumer_consume (consumer, TOPIC);
  append (fixture, "before\n");
  for (guint i = 0; i < 20; i++)
    append (fixture, filler);
  append (fixture, "\n");
  append (fixture, exact);
  append (fixture, "\r\nafter\n");
  g_assert_true (annot_test_consumer_wait (consumer, 4));
  message = g_ptr_array_index (consumer->messages, 1);
  g_assert_cmpuint (g_bytes_get_size (message->value), ==, 64 * 1024 + 1);
  g_assert_cmpint (message->next_offset, ==, 7 + 20 * 1024 * 1024 + 1);
  g_assert_cmpstr (g_bytes_get_data (annot_message_get_header (message, "oversize"), &size), !=, NULL);
  g_assert_cmpmem (g_bytes_get_data (annot_message_get_header (message, "oversize"), NULL), size, "20971520", 8);
  message = g_ptr_array_index (consumer->messages, 2);
  g_assert_cmpuint (g_bytes_get_size (message->value), ==, 64 * 1024);
  g_assert_null (annot_message_get_header (message, "oversize"));
  assert_text (consumer, 3, "after");
}

/* Forty gigabytes without a newline: closing does not wait until all of it was read. */
static void
test_endless_line (Fixture *fixture, gconstpointer data)
{
  AnnotTestConsumer *consumer = open_broker (fixture);
  gint64 start = 0;

  append (fixture, "before\n");
  if (truncate (fixture->path, G_GINT64_CONSTANT (40) << 30) < 0) {
    g_test_skip ("the file system takes no file of that size");
    annot_test_consumer_free (consumer);
    return;
  }
  annot_test_consumer_consume (consumer, TOPIC);
  g_assert_true (annot_test_consumer_wait (consumer, 1));
  start = g_get_monotonic_time ();
  annot_test_consumer_free (consumer);
  g_assert_cmpint (g_get_monotonic_time () - start, <, annot_test_patience (4 * G_USEC_PER_SEC));
}

static void
test_many_lines (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotTestConsumer) consumer = open_broker (fixture);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < 50000; i++)
    g_string_append_printf (text, "%u\n", i);
  append (fixture, text->str);
  annot_test_consumer_consume (consumer, TOPIC);
  g_assert_true (annot_test_consumer_wait (consumer, 50000));
  for (guint i = 0; i < 50000; i += 777) {
    g_autofree char *expected = g_strdup_printf ("%u", i);

    assert_text (consumer, i, expected);
  }
}

/* Strangers append by `cat >>` while the broker produces and consumes: every line whole, none lost. */
static void
test_concurrent_appenders (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotTestConsumer) consumer = open_consumer (fixture);
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autofree char *script
      = g_strdup_printf ("for w in a b c; do ( for i in $(seq 100); do echo \"{\\\"w\\\":\\\"$w\\\",\\\"n\\\":$i}\" | "
                         "cat >> '%s'; done ) & done; wait",
                         fixture->path);
  const char *const argv[] = { "/bin/sh", "-c", script, NULL };
  g_autoptr (GSubprocess) shell = NULL;
  g_autoptr (GError) error = NULL;

  shell = g_subprocess_newv (argv, G_SUBPROCESS_FLAGS_NONE, &error);
  g_assert_no_error (error);
  for (guint i = 1; i <= 100; i++) {
    g_autofree char *value = g_strdup_printf ("{\"w\":\"d\",\"n\":%u}", i);

    g_assert_true (annot_test_produce (consumer->broker, TOPIC, NULL, value, &error));
  }
  g_assert_true (g_subprocess_wait_check (shell, NULL, &error));
  g_assert_true (annot_test_consumer_wait (consumer, 400));
  for (guint i = 0; i < consumer->messages->len; i++)
    g_hash_table_add (seen, annot_test_consumer_text (consumer, i));
  g_assert_cmpuint (consumer->messages->len, ==, 400);
  g_assert_cmpuint (g_hash_table_size (seen), ==, 400);
  for (const char *writer = "abcd"; *writer; writer++) {
    for (guint i = 1; i <= 100; i++) {
      g_autofree char *expected = g_strdup_printf ("{\"w\":\"%c\",\"n\":%u}", *writer, i);

      g_assert_true (g_hash_table_contains (seen, expected));
    }
  }
}

static void
produce_ok (AnnotTestConsumer *consumer, const char *id, const char *value)
{
  g_autoptr (GError) error = NULL;

  annot_test_produce (consumer->broker, TOPIC, id, value, &error);
  g_assert_no_error (error);
}

static void
assert_file (Fixture *fixture, const char *expected)
{
  g_autofree char *text = read_all (fixture->path);

  g_assert_cmpstr (text, ==, expected);
}

static void
test_values (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotTestConsumer) consumer = open_broker (fixture);
  const char *const bad[] = { NULL, "", "not\njson", "{\"a\":1}\n{\"b\":2}" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_false (annot_test_produce (consumer->broker, TOPIC, NULL, bad[i], &error));
    g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_PERMANENT);
  }
  produce_ok (consumer, NULL, "{\n\"a\": [1,\n2],\n\"b\":\"x\\ny\"}");
  produce_ok (consumer, NULL, "not json at all");
  assert_file (fixture, "{ \"a\": [1, 2], \"b\":\"x\\ny\"}\nnot json at all\n");
}

static void
test_unfinished_line_of_a_stranger (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotTestConsumer) consumer = open_broker (fixture);

  append (fixture, "{\"torn\":");
  produce_ok (consumer, "a", "{\"n\":1}");
  assert_file (fixture, "{\"torn\":\n{\"n\":1}\n");
}

/* The answer to the first produce was lost in a crash; the relay sends the same message again. */
static void
test_repeated_id (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotTestConsumer) consumer = open_broker (fixture);

  produce_ok (consumer, "a", "{\"n\":1}");
  produce_ok (consumer, "b", "{\"n\":2}");
  produce_ok (consumer, "a", "{\"n\":1}");
  g_clear_pointer (&consumer, annot_test_consumer_free);
  consumer = open_broker (fixture);
  produce_ok (consumer, "b", "{\"n\":2}");
  produce_ok (consumer, "a", "{\"n\":1}");
  assert_file (fixture, "{\"n\":1}\n{\"n\":2}\n");
  rotate (fixture);
  produce_ok (consumer, "a", "{\"n\":1}");
  produce_ok (consumer, "c", "{\"n\":3}");
  assert_file (fixture, "{\"n\":3}\n");
  /* Another message under the same id is another message. */
  produce_ok (consumer, "a", "{\"n\":9}");
  assert_file (fixture, "{\"n\":3}\n{\"n\":9}\n");
}

/* What a crash leaves: the id noted, and nothing, a part, or all of the line in the file. */
static void
test_crash_after_noting (Fixture *fixture, gconstpointer data)
{
  const off_t sizes[] = { 8, 9, 12, 15, 16 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    g_autoptr (AnnotTestConsumer) consumer = open_broker (fixture);
    g_autofree char *id = g_strdup_printf ("second %u", i);

    g_unlink (fixture->path);
    produce_ok (consumer, "first", "{\"n\":1}");
    produce_ok (consumer, id, "{\"n\":2}");
    g_clear_pointer (&consumer, annot_test_consumer_free);
    g_assert_cmpint (truncate (fixture->path, sizes[i]), ==, 0);
    consumer = open_broker (fixture);
    /* Others may come first, and must not make the torn line a line of its own. */
    produce_ok (consumer, NULL, "{\"n\":3}");
    produce_ok (consumer, id, "{\"n\":2}");
    assert_file (fixture, sizes[i] == 16 ? "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n" : "{\"n\":1}\n{\"n\":3}\n{\"n\":2}\n");
  }
}

static void
test_two_producers (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotTestConsumer) first = open_broker (fixture);
  g_autoptr (AnnotTestConsumer) second = open_broker (fixture);

  produce_ok (first, "a", "{\"n\":1}");
  produce_ok (second, "b", "{\"n\":2}");
  produce_ok (second, "a", "{\"n\":1}");
  produce_ok (first, "b", "{\"n\":2}");
  produce_ok (first, "c", "{\"n\":3}");
  assert_file (fixture, "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n");
}

/* The journal of ids is shortened, and still knows the latest. */
static void
test_ids_are_bounded (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotTestConsumer) consumer = open_broker (fixture);
  g_autofree char *ids = g_build_filename (fixture->topics, "." TOPIC ".ids", NULL);
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  for (guint i = 0; i < 20500; i++) {
    g_autofree char *id = g_strdup_printf ("id %u", i);
    g_autoptr (GBytes) value = g_bytes_new_static ("{}", 2);
    g_autoptr (AnnotMessage) message = annot_message_new (TOPIC, NULL, value);

    annot_message_add_header (message, "id", id);
    annot_broker_produce (consumer->broker, message, NULL, NULL, NULL);
    if (i % 5000 == 4999) {
      g_auto (AnnotTestCall) flushed = ANNOT_TEST_CALL_INIT;

      annot_broker_flush (consumer->broker, NULL, annot_test_call_done, &flushed);
      annot_test_call_wait (&flushed);
    }
  }
  annot_broker_flush (consumer->broker, NULL, annot_test_call_done, &call);
  annot_test_call_wait (&call);
  text = read_all (ids);
  lines = g_strsplit (text, "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), <, 12000);
  produce_ok (consumer, "id 20499", "{}");
  g_free (text);
  text = read_all (fixture->path);
  g_assert_cmpuint (strlen (text), ==, 20500 * 3);
}

/* The limit on the size of files stands for a full disk: it cuts a write in the same way. */
static void
test_no_space (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotTestConsumer) consumer = open_broker (fixture);
  g_autofree char *filler = g_strnfill (3000, 'x');
  g_autofree char *value = g_strdup_printf ("{\"v\":\"%s\"}", filler);
  g_autofree char *before = NULL;
  g_autoptr (GError) error = NULL;
  struct rlimit unlimited;
  struct rlimit limit;

  signal (SIGXFSZ, SIG_IGN);
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &unlimited), ==, 0);
  produce_ok (consumer, "a", value);
  before = read_all (fixture->path);
  limit = unlimited;
  limit.rlim_cur = 4096;
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
  g_assert_false (annot_test_produce (consumer->broker, TOPIC, "b", value, &error));
  g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_NO_SPACE);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &unlimited), ==, 0);
  assert_file (fixture, before);
  produce_ok (consumer, "b", value);
  produce_ok (consumer, "b", value);
  g_free (before);
  before = g_strdup_printf ("%s\n%s\n", value, value);
  assert_file (fixture, before);
}

/* A stranger who keeps the file locked holds one produce up, not the broker. */
static void
test_locked_by_a_stranger (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotTestConsumer) consumer = open_broker (fixture);
  g_autoptr (GError) error = NULL;
  int fd = -1;

  produce_ok (consumer, NULL, "{\"n\":1}");
  fd = open (fixture->path, O_RDONLY);
  g_assert_cmpint (flock (fd, LOCK_EX), ==, 0);
  g_assert_false (annot_test_produce (consumer->broker, TOPIC, "a", "{\"n\":2}", &error));
  g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_TEMPORARY);
  close (fd);
  produce_ok (consumer, "a", "{\"n\":2}");
  assert_file (fixture, "{\"n\":1}\n{\"n\":2}\n");
}

static void
test_failover (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotTestConsumer) first = open_consumer (fixture);
  g_autoptr (AnnotTestConsumer) second = NULL;

  g_assert_true (annot_test_consumer_wait_assigned (first, 1));
  second = open_consumer (fixture);
  g_assert_true (annot_test_consumer_wait_assigned (second, 0));
  append (fixture, "one\ntwo\n");
  ASSERT_ALL (first, "one", "two");
  annot_test_consumer_store (first, 0);
  annot_test_wait_for (1200);
  g_assert_cmpuint (second->messages->len, ==, 0);
  annot_test_consumer_close (first);
  g_assert_true (annot_test_consumer_wait_assigned (second, 1));
  ASSERT_ALL (second, "two");
}

/* The lock goes with its process, however that ends. */
static void
test_failover_after_kill (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotTestConsumer) consumer = NULL;
  g_autofree char *ready = g_build_filename (fixture->directory, "ready", NULL);
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);
  pid_t child = 0;

  g_mkdir (fixture->topics, 0700);
  append (fixture, "one\n");
  child = fork ();
  if (child == 0) {
    const char *const argv[] = { self, "--hold", fixture->directory, ready, NULL };

    execv (argv[0], (char **) argv);
    _exit (1);
  }
  for (guint i = 0; i < 100 && !g_file_test (ready, G_FILE_TEST_EXISTS); i++)
    annot_test_wait_for (100);
  g_assert_true (g_file_test (ready, G_FILE_TEST_EXISTS));
  consumer = open_consumer (fixture);
  g_assert_true (annot_test_consumer_wait_assigned (consumer, 0));
  kill (child, SIGKILL);
  waitpid (child, NULL, 0);
  g_assert_true (annot_test_consumer_wait_assigned (consumer, 1));
  ASSERT_ALL (consumer, "one");
}

/* The child of the test above: consumes until it is killed. */
static int
hold (const char *directory, const char *ready)
{
  AnnotTestConsumer *consumer = annot_test_consumer_new ("local", directory, NULL);

  annot_test_consumer_consume (consumer, TOPIC);
  if (annot_test_consumer_wait (consumer, 1))
    g_file_set_contents (ready, "", 0, NULL);
  annot_test_wait_for (60000);
  return 1;
}

static void
test_not_a_file (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotTestConsumer) consumer = open_broker (fixture);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (mkfifo (fixture->path, 0600), ==, 0);
  g_assert_false (annot_test_produce (consumer->broker, TOPIC, NULL, "{}", &error));
  g_assert_nonnull (error);
  annot_test_consumer_consume (consumer, TOPIC);
  annot_test_wait_for (200);
  g_assert_cmpint (g_unlink (fixture->path), ==, 0);
  append (fixture, "one\n");
  ASSERT_ALL (consumer, "one");
}

#define ADD(path, function) g_test_add ("/local/" path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  if (argc == 4 && g_str_equal (argv[1], "--hold"))
    return hold (argv[2], argv[3]);
  g_test_init (&argc, &argv, NULL);
  if (!annot_test_backend_is_built (ANNOT_PLUGIN_BROKER, "local")) {
    g_print ("1..0 # SKIP the plugin local was not built\n");
    return 0;
  }
  ADD ("offsets-are-bytes", test_offsets_are_bytes);
  ADD ("directory-is-private", test_directory_is_private);
  ADD ("unfinished-line", test_unfinished_line);
  ADD ("endless-line", test_endless_line);
  ADD ("no-final-newline-in-a-rotated-file", test_no_final_newline_in_a_rotated_file);
  ADD ("truncation/running", test_truncation);
  ADD ("truncation/overwriting", test_overwriting);
  ADD ("truncation/down", test_truncation_while_down);
  ADD ("truncation/copytruncate", test_copytruncate);
  ADD ("rotation/running", test_rotation);
  ADD ("rotation/down", test_rotation_while_down);
  ADD ("rotation/away-while-down", test_rotated_away_while_down);
  ADD ("rotation/moved-away", test_moved_away);
  ADD ("rotation/removed-and-made-again", test_removed_and_made_again);
  ADD ("damaged-offset", test_damaged_offset);
  ADD ("huge-line", test_huge_line);
  ADD ("many-lines", test_many_lines);
  ADD ("concurrent-appenders", test_concurrent_appenders);
  ADD ("values", test_values);
  ADD ("unfinished-line-of-a-stranger", test_unfinished_line_of_a_stranger);
  ADD ("ids/repeated", test_repeated_id);
  ADD ("ids/crash-after-noting", test_crash_after_noting);
  ADD ("ids/two-producers", test_two_producers);
  ADD ("ids/bounded", test_ids_are_bounded);
  ADD ("no-space", test_no_space);
  ADD ("locked-by-a-stranger", test_locked_by_a_stranger);
  ADD ("failover/close", test_failover);
  ADD ("failover/kill", test_failover_after_kill);
  ADD ("not-a-file", test_not_a_file);
  return g_test_run ();
}
