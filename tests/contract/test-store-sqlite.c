/* SPDX-License-Identifier: Apache-2.0 */
/* What only a database file can do to its store: be foreign, newer, damaged, unwritable, full. */
#include <errno.h>
#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "annot-test-backend.h"
#include "store-contract.h"

typedef struct {
  char *directory;
  char *path;
} Place;

static void
set_up (Place *self, gconstpointer unused)
{
  self->directory = annot_test_make_directory ();
  self->path = g_build_filename (self->directory, "annotationd.db", NULL);
}

static void
tear_down (Place *self, gconstpointer unused)
{
  /* What a test may have mounted. */
  umount2 (self->directory, MNT_DETACH);
  annot_test_remove_tree (self->directory);
  g_free (self->directory);
  g_free (self->path);
}

/* Returns: (transfer full): a store on the place's file, not opened. option may be NULL */
static AnnotStore *
make_store (Place *self, const char *option)
{
  const char *const options[] = { option, NULL };

  return annot_test_backend_new (ANNOT_PLUGIN_STORE, "sqlite", self->directory, options);
}

/* Makes a database with the examples x-0 … x-(n-1) and closes it. */
static void
fill (Place *self, guint n)
{
  AnnotStore *store = make_store (self, NULL);

  g_assert_true (STORE_GET (store, open));
  if (n > 0)
    store_contract_put_many (store, "x", n, 0.5);
  store_contract_close (store);
}

static void
execute (Place *self, const char *sql)
{
  sqlite3 *database = NULL;

  g_assert_cmpint (sqlite3_open (self->path, &database), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (database, sql, NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close (database);
}

static void
assert_intact (Place *self)
{
  sqlite3 *database = NULL;
  sqlite3_stmt *statement = NULL;

  g_assert_cmpint (sqlite3_open (self->path, &database), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_prepare_v2 (database, "PRAGMA integrity_check", -1, &statement, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_step (statement), ==, SQLITE_ROW);
  g_assert_cmpstr ((const char *) sqlite3_column_text (statement, 0), ==, "ok");
  sqlite3_finalize (statement);
  sqlite3_close (database);
}

/* Opening must fail so, with a message that names the file and says this. */
static void
assert_refused (Place *self, AnnotError code, const char *words)
{
  g_autoptr (AnnotStore) store = make_store (self, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_false (STORE_DO (store, open, &error));
  g_assert_error (error, ANNOT_ERROR, (int) code);
  g_assert_nonnull (strstr (error->message, self->path));
  if (!strstr (error->message, words))
    g_error ("\"%s\" does not say \"%s\"", error->message, words);
}

static void
test_newer (Place *self, gconstpointer unused)
{
  fill (self, 1);
  execute (self, "PRAGMA user_version = 9999");
  assert_refused (self, ANNOT_ERROR_CONFIG, "newer annotationd");
}

static void
test_foreign (Place *self, gconstpointer unused)
{
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  gsize size = 0, size_after = 0;

  execute (self, "CREATE TABLE theirs (x)");
  g_assert_true (g_file_get_contents (self->path, &before, &size, NULL));
  assert_refused (self, ANNOT_ERROR_PERMANENT, "another program");
  g_assert_true (g_file_get_contents (self->path, &after, &size_after, NULL));
  g_assert_cmpmem (before, size, after, size_after);
}

static void
test_foreign_id (Place *self, gconstpointer unused)
{
  execute (self, "PRAGMA application_id = 1234; CREATE TABLE theirs (x)");
  assert_refused (self, ANNOT_ERROR_PERMANENT, "another program");
}

static void
test_not_a_database (Place *self, gconstpointer unused)
{
  g_autofree char *text = g_strnfill (8192, 'A');

  g_assert_true (g_file_set_contents (self->path, text, -1, NULL));
  assert_refused (self, ANNOT_ERROR_PERMANENT, "not a database");
}

/* Connections that close side by side may leave the last of the log to the next who opens. */
static void
empty_log (Place *self)
{
  sqlite3 *database = NULL;

  g_assert_cmpint (sqlite3_open (self->path, &database), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (database, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_close (database), ==, SQLITE_OK);
}

static void
test_truncated (Place *self, gconstpointer unused)
{
  fill (self, 500);
  empty_log (self);
  g_assert_cmpint (truncate (self->path, 40000), ==, 0);
  assert_refused (self, ANNOT_ERROR_PERMANENT, "malformed");
}

/* An empty file, as `touch` makes it, is filled. */
static void
test_empty_file (Place *self, gconstpointer unused)
{
  g_assert_true (g_file_set_contents (self->path, "", 0, NULL));
  fill (self, 1);
}

static void
test_file_mode (Place *self, gconstpointer unused)
{
  GStatBuf status;

  fill (self, 1);
  g_assert_cmpint (g_stat (self->path, &status), ==, 0);
  g_assert_cmpint (status.st_mode & 0777, ==, 0600);
}

static void
test_makes_directory (Place *self, gconstpointer unused)
{
  g_autofree char *option = g_strdup_printf ("sqlite.path=%s/a/b/store.db", self->directory);
  AnnotStore *store = make_store (self, option);

  g_assert_true (STORE_GET (store, open));
  store_contract_close (store);
}

static void
test_path_is_a_directory (Place *self, gconstpointer unused)
{
  g_assert_cmpint (g_mkdir (self->path, 0700), ==, 0);
  assert_refused (self, ANNOT_ERROR_CONFIG, "unable to open");
}

static void
test_directory_is_a_file (Place *self, gconstpointer unused)
{
  g_autofree char *path = g_build_filename (self->directory, "file", NULL);
  g_autofree char *option = g_strdup_printf ("sqlite.path=%s/store.db", path);
  g_autoptr (AnnotStore) store = make_store (self, option);

  g_assert_true (g_file_set_contents (path, "", 0, NULL));
  STORE_FAIL (store, ANNOT_ERROR_CONFIG, open);
}

/* Mounts a small file system on the place. Returns: whether the kernel lets us */
static gboolean
mount_small (Place *self, const char *options)
{
  if (mount ("tmpfs", self->directory, "tmpfs", 0, options) == 0)
    return TRUE;
  g_test_skip_printf ("cannot mount a tmpfs: %s", g_strerror (errno));
  return FALSE;
}

static void
test_read_only (Place *self, gconstpointer unused)
{
  g_autoptr (AnnotStore) store = NULL;
  g_autoptr (GError) error = NULL;

  if (!mount_small (self, "size=4m"))
    return;
  fill (self, 1);
  store = make_store (self, NULL);
  g_assert_cmpint (mount ("tmpfs", self->directory, "tmpfs", MS_REMOUNT | MS_RDONLY, NULL), ==, 0);
  g_assert_false (STORE_DO (store, open, &error));
  g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_CONFIG);
  g_assert_nonnull (strstr (error->message, self->path));
}

static AnnotExample *
make_large (guint i)
{
  g_autofree char *id = g_strdup_printf ("large-%u", i);
  AnnotExample *example = store_contract_make_example (id, 0.5);

  g_free (example->payload);
  example->payload = g_strnfill (100000, 'x');
  return example;
}

/* Puts large examples until one fails. Returns: how many went in */
static guint
fill_up (AnnotStore *store)
{
  for (guint i = 0; i < 1000; i++) {
    g_autoptr (GPtrArray) batch = g_ptr_array_new_with_free_func ((GDestroyNotify) annot_example_unref);
    g_autoptr (GError) error = NULL;
    g_autoptr (GArray) results = NULL;

    g_ptr_array_add (batch, make_large (i));
    results = STORE_DO (store, put_examples, &error, batch);
    if (error) {
      g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_NO_SPACE);
      return i;
    }
  }
  g_assert_not_reached ();
}

static void
assert_healthy (AnnotStore *store, gboolean healthy)
{
  g_autoptr (AnnotHealth) health = STORE_GET (store, health);

  g_assert_cmpint (health->healthy, ==, healthy);
  g_assert_cmpint (json_object_has_member (health->details, "error"), ==, !healthy);
}

/* A full disk refuses what does not fit, keeps what it has, says so, and goes on as soon as there is room. */
static void
test_full_disk (Place *self, gconstpointer unused)
{
  AnnotStore *store;
  g_autoptr (AnnotPosition) position = NULL;
  g_autofree char *ballast = g_build_filename (self->directory, "ballast", NULL);
  g_autofree char *bytes = g_strnfill (3000000, 'b');
  guint stored;

  if (!mount_small (self, "size=8m"))
    return;
  store = make_store (self, NULL);
  g_assert_true (STORE_GET (store, open));
  g_assert_true (g_file_set_contents (ballast, bytes, -1, NULL));
  stored = fill_up (store);
  g_assert_cmpuint (stored, >, 0);
  assert_healthy (store, FALSE);
  position = STORE_GET (store, get_position);
  g_assert_cmpint (position->seq, ==, stored);
  store_contract_assert_status (store, "large-0", ANNOT_EXAMPLE_PENDING);
  g_assert_cmpint (g_unlink (ballast), ==, 0);
  assert_healthy (store, TRUE);
  g_assert_cmpint (store_contract_put (store, make_large (stored)), ==, stored + 1);
  store_contract_close (store);
  assert_intact (self);
}

/* The same by [sqlite] max-size; deleting makes room again. */
static void
test_max_size (Place *self, gconstpointer unused)
{
  AnnotStore *store = make_store (self, "sqlite.max-size=1M");
  g_autoptr (AnnotPosition) position = NULL;
  guint stored;

  g_assert_true (STORE_GET (store, open));
  stored = fill_up (store);
  g_assert_cmpuint (stored, >, 3);
  position = STORE_GET (store, get_position);
  g_assert_cmpint (position->seq, ==, stored);
  g_assert_true (STORE_GET (store, remove, "large-0", NULL));
  g_assert_cmpint (store_contract_put (store, make_large (stored)), ==, stored + 1);
  store_contract_close (store);
}

/* Returns: (transfer full): another process's transaction, as it were, which keeps every writer waiting */
static sqlite3 *
lock_file (Place *self)
{
  sqlite3 *other = NULL;

  g_assert_cmpint (sqlite3_open (self->path, &other), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (other, "BEGIN IMMEDIATE", NULL, NULL, NULL), ==, SQLITE_OK);
  return other;
}

static void
unlock_file (sqlite3 *other)
{
  g_assert_cmpint (sqlite3_exec (other, "ROLLBACK", NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close (other);
}

#define WAITERS 10

/* Another process that holds the lock for too long is a temporary error, for all that wait together; nothing is lost by
 * it. */
static void
test_busy (Place *self, gconstpointer unused)
{
  AnnotStore *store = make_store (self, "sqlite.busy-timeout=1s");
  AnnotTestCall calls[WAITERS] = { 0 };
  gint64 start = g_get_monotonic_time ();
  sqlite3 *other = NULL;

  g_assert_true (STORE_GET (store, open));
  other = lock_file (self);
  for (guint i = 0; i < WAITERS; i++) {
    g_autoptr (GPtrArray) batch = g_ptr_array_new_with_free_func ((GDestroyNotify) annot_example_unref);

    g_ptr_array_add (batch, store_contract_make_example ("a", 0.5));
    annot_store_put_examples (store, batch, NULL, annot_test_call_done, &calls[i]);
  }
  for (guint i = 0; i < WAITERS; i++) {
    g_autoptr (GError) error = NULL;

    g_assert_null (annot_store_put_examples_finish (store, annot_test_call_wait (&calls[i]), &error));
    g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_TEMPORARY);
    annot_test_call_clear (&calls[i]);
  }
  g_assert_cmpint (g_get_monotonic_time () - start, <, 5 * G_TIME_SPAN_SECOND);
  unlock_file (other);
  assert_healthy (store, TRUE);
  g_assert_cmpint (store_contract_put (store, store_contract_make_example ("a", 0.5)), ==, 1);
  store_contract_close (store);
}

/* While a write waits for a lock the store says that it is not healthy; then the write goes through. */
static void
test_stuck (Place *self, gconstpointer unused)
{
  AnnotStore *store = make_store (self, "sqlite.busy-timeout=30s");
  g_autoptr (GPtrArray) batch = g_ptr_array_new_with_free_func ((GDestroyNotify) annot_example_unref);
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autoptr (GArray) results = NULL;
  g_autoptr (GError) error = NULL;
  sqlite3 *other = NULL;

  g_ptr_array_add (batch, store_contract_make_example ("a", 0.5));
  g_assert_true (STORE_GET (store, open));
  other = lock_file (self);
  annot_store_put_examples (store, batch, NULL, annot_test_call_done, &call);
  annot_test_wait_for (3000);
  assert_healthy (store, FALSE);
  unlock_file (other);
  results = annot_store_put_examples_finish (store, annot_test_call_wait (&call), &error);
  g_assert_no_error (error);
  g_assert_cmpuint (results->len, ==, 1);
  assert_healthy (store, TRUE);
  store_contract_close (store);
}

/* Several instances start at once on a host where there is no database yet: one makes it, all have it. */
static void
test_start_together (Place *self, gconstpointer unused)
{
  AnnotStore *stores[6];
  AnnotTestCall calls[6] = { 0 };
  g_autofree char *epoch = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (stores); i++) {
    stores[i] = make_store (self, NULL);
    annot_store_open (stores[i], NULL, annot_test_call_done, &calls[i]);
  }
  for (guint i = 0; i < G_N_ELEMENTS (stores); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (AnnotPosition) position = NULL;

    annot_store_open_finish (stores[i], annot_test_call_wait (&calls[i]), &error);
    g_assert_no_error (error);
    annot_test_call_clear (&calls[i]);
    position = STORE_GET (stores[i], get_position);
    if (epoch)
      g_assert_cmpstr (position->epoch, ==, epoch);
    else
      epoch = g_strdup (position->epoch);
  }
  for (guint i = 0; i < G_N_ELEMENTS (stores); i++)
    store_contract_close (stores[i]);
}

typedef struct {
  guint answered;
  guint refused;
} Flood;

static void
flooded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Flood *flood = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) leases = annot_store_claim_finish (ANNOT_STORE (source), result, &error);

  flood->answered++;
  if (!leases) {
    g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_TEMPORARY);
    flood->refused++;
  }
}

static gboolean
is_over (gpointer flood)
{
  return ((Flood *) flood)->answered == 10000;
}

/* The queue is bounded: what does not fit is refused at once, all else is answered. */
static void
test_flood (Place *self, gconstpointer unused)
{
  AnnotStore *store = make_store (self, "sqlite.busy-timeout=60s");
  Flood flood = { 0 };
  sqlite3 *other;

  g_assert_true (STORE_GET (store, open));
  /* However slow this thread is beside the writer's: nothing leaves the queue meanwhile but the call that waits. */
  other = lock_file (self);
  for (guint i = 0; i < 10000; i++)
    annot_store_claim (store, "ann", 1, 60, NULL, flooded, &flood);
  unlock_file (other);
  g_assert_true (annot_test_wait_until (is_over, &flood, ANNOT_TEST_PATIENCE));
  g_assert_cmpuint (flood.refused, >=, 10000 - 4096 - 1);
  g_assert_cmpuint (flood.refused, <=, 10000 - 4096);
  store_contract_close (store);
}

typedef struct {
  guint searching;
  guint beside; /* as many were under way when something quick was answered */
} Searches;

static void
searched (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (AnnotExamplePage) page = annot_store_list_examples_finish (ANNOT_STORE (source), result, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (page->examples->len, ==, 0);
  ((Searches *) user_data)->searching--;
}

static void
placed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (AnnotPosition) position = annot_store_get_position_finish (ANNOT_STORE (source), result, &error);

  g_assert_no_error (error);
  ((Searches *) user_data)->beside = ((Searches *) user_data)->searching;
}

static void
found_healthy (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (AnnotHealth) health = annot_store_health_finish (ANNOT_STORE (source), result, NULL);

  g_assert_true (health->healthy);
  ((Searches *) user_data)->beside = ((Searches *) user_data)->searching;
}

static gboolean
is_beside (gpointer searches)
{
  return ((Searches *) searches)->beside > 0;
}

static gboolean
are_searched (gpointer searches)
{
  return ((Searches *) searches)->searching == 0;
}

/* Searches that read all of a large database hold up one another, but nothing that is quick, such as the health. */
static void
test_search_beside (Place *self, gconstpointer unused)
{
  AnnotStore *store;
  Searches searches = { 0 };
  AnnotExampleQuery query = { .order = ANNOT_ORDER_NEWEST, .any_status = TRUE, .limit = 10, .with_total = TRUE,
                              .text = (char *) "nowhere" };

  fill (self, 1);
  execute (self, "WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) "
                 "INSERT INTO examples (seq, event_id, camera_id, timestamp, priority, received_at, frame_type, "
                 "source_partition, source_offset, labels, face_hashes, detections, payload) "
                 "SELECT i, 'y-' || i, 'c', 0, 0.5, 0, 0, -1, -1, '[]', '[]', '[]', hex (zeroblob (1000)) FROM n");
  store = make_store (self, NULL);
  g_assert_true (STORE_GET (store, open));
  for (; searches.searching < 8; searches.searching++)
    annot_store_list_examples (store, &query, NULL, searched, &searches);
  annot_store_get_position (store, NULL, placed, &searches);
  annot_test_wait_until (is_beside, &searches, ANNOT_TEST_PATIENCE);
  g_assert_cmpint (searches.beside, >, 4);
  searches.beside = 0;
  annot_store_health (store, NULL, found_healthy, &searches);
  annot_test_wait_until (is_beside, &searches, ANNOT_TEST_PATIENCE);
  g_assert_cmpint (searches.beside, >, 2);
  g_assert_true (annot_test_wait_until (are_searched, &searches, ANNOT_TEST_PATIENCE));
  store_contract_close (store);
}

/* Sessions end by the thousand between two runs of retention: their rows must not gather. */
static void
test_ended_sessions (Place *self, gconstpointer unused)
{
  AnnotStore *store = make_store (self, NULL);
  gint64 ended = g_get_real_time () - 2 * G_TIME_SPAN_DAY;
  sqlite3 *database = NULL;
  sqlite3_stmt *statement = NULL;

  g_assert_true (STORE_GET (store, open));
  for (guint i = 0; i < 300; i++) {
    g_autofree char *jti = g_strdup_printf ("jti-%u", i);
    g_autoptr (AnnotSession) session = annot_session_new (jti, "ann", i == 0 ? ended + 3 * G_TIME_SPAN_DAY : ended);

    g_assert_true (STORE_GET (store, add_session, session));
  }
  store_contract_close (store);
  g_assert_cmpint (sqlite3_open (self->path, &database), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_prepare_v2 (database, "SELECT count (*), min (jti) FROM sessions", -1, &statement, NULL), ==,
                   SQLITE_OK);
  g_assert_cmpint (sqlite3_step (statement), ==, SQLITE_ROW);
  g_assert_cmpint (sqlite3_column_int (statement, 0), <=, 3);
  g_assert_cmpstr ((const char *) sqlite3_column_text (statement, 1), ==, "jti-0");
  sqlite3_finalize (statement);
  sqlite3_close (database);
}

static gint64
query_integer (Place *self, const char *sql)
{
  sqlite3 *database = NULL;
  sqlite3_stmt *statement = NULL;
  gint64 value;

  g_assert_cmpint (sqlite3_open (self->path, &database), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_prepare_v2 (database, sql, -1, &statement, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_step (statement), ==, SQLITE_ROW);
  value = sqlite3_column_int64 (statement, 0);
  sqlite3_finalize (statement);
  sqlite3_close (database);
  return value;
}

/* As if the wall clock had been set forward by an hour since another process opened the database: both must agree on
 * when a lease ends, and who reads it gets the wall clock's time. */
static void
test_shared_clock (Place *self, gconstpointer unused)
{
  AnnotStore *store = make_store (self, NULL);
  gint64 now = g_get_real_time ();
  gint64 kept;
  g_autoptr (AnnotLease) lease = NULL;
  g_autoptr (AnnotLease) renewed = NULL;

  fill (self, 1);
  execute (self, "UPDATE meta SET value = substr (value, 1, 37) || (CAST (substr (value, 38) AS INTEGER) - 3600000000) "
                 "WHERE name = 'clock'");
  g_assert_true (STORE_GET (store, open));
  lease = store_contract_claim_one (store, "ann");
  kept = query_integer (self, "SELECT expires_at FROM examples WHERE status = 1");
  g_assert_cmpint (kept, <, now - G_TIME_SPAN_HOUR / 2);
  g_assert_cmpint (lease->leased_at, >=, now - G_TIME_SPAN_SECOND);
  g_assert_cmpint (lease->expires_at, >, now);
  g_assert_cmpint (lease->expires_at, <, now + G_TIME_SPAN_HOUR);
  store_contract_close (store);
  /* Another start of the machine begins anew. */
  execute (self, "UPDATE meta SET value = 'x' || value WHERE name = 'clock'");
  store = make_store (self, NULL);
  g_assert_true (STORE_GET (store, open));
  store_contract_put (store, store_contract_make_example ("a", 0.9));
  renewed = store_contract_claim_one (store, "bob");
  g_assert_cmpint (query_integer (self, "SELECT max (expires_at) FROM examples WHERE status = 1"), >, now);
  store_contract_close (store);
}

/* What was erased is in none of the files any more. */
static void
test_erased_bytes (Place *self, gconstpointer unused)
{
  AnnotStore *store = make_store (self, NULL);
  AnnotExample *example = store_contract_make_example ("person", 0.5);
  const char *const hashes[] = { "a1b2c3d4e5f6", NULL };
  const char *const suffixes[] = { "", "-wal" };
  g_autofree AnnotErasure *erasure = NULL;

  g_strfreev (example->face_hashes);
  example->face_hashes = g_strdupv ((char **) hashes);
  store_contract_add_frame (example, "the-picture-of-the-person");
  g_assert_true (STORE_GET (store, open));
  store_contract_put (store, example);
  erasure = STORE_GET (store, erase_subject, "a1b2c3d4e5f6", "officer", NULL);
  g_assert_cmpint (erasure->examples, ==, 1);
  for (guint i = 0; i < G_N_ELEMENTS (suffixes); i++) {
    g_autofree char *path = g_strconcat (self->path, suffixes[i], NULL);
    g_autofree char *bytes = NULL;
    gsize size = 0;

    g_assert_true (g_file_get_contents (path, &bytes, &size, NULL));
    g_assert_null (memmem (bytes, size, "the-picture-of-the-person", 25));
    g_assert_null (memmem (bytes, size, "a1b2c3d4e5f6", 12));
  }
  store_contract_close (store);
}

/* The counters that triggers keep agree with the rows after a bit of everything. */
static void
test_counters (Place *self, gconstpointer unused)
{
  AnnotStore *store = make_store (self, NULL);
  sqlite3 *database = NULL;
  const char *const pairs[][2] = {
    { "pending", "SELECT count (*) FROM examples WHERE status = 0" },
    { "leased", "SELECT count (*) FROM examples WHERE status = 1" },
    { "completed", "SELECT count (*) FROM examples WHERE status = 2" },
    { "skipped", "SELECT count (*) FROM examples WHERE status = 3" },
    { "outgoing", "SELECT count (*) FROM outbox" },
    { "retrying", "SELECT count (*) FROM outbox WHERE attempts > 0" },
  };
  AnnotSkip skip = { .event_id = "x-1", .annotator = "bob", .reason = "r", .max_skips = 1 };
  g_autoptr (GPtrArray) taken = NULL;

  g_assert_true (STORE_GET (store, open));
  store_contract_put_many (store, "x", 6, 0.5);
  annot_lease_free (store_contract_claim_one (store, "ann"));
  store_contract_complete (store, "done", "ann");
  store_contract_complete (store, "gone", "ann");
  taken = STORE_GET (store, take_outgoing, 1, 60);
  g_assert_true (STORE_GET (store, postpone_outgoing, ((AnnotOutgoing *) taken->pdata[0])->id, 9, "away"));
  g_assert_true (STORE_GET (store, remove, "gone", NULL));
  g_assert_true (STORE_GET (store, remove, "x-0", NULL));
  g_assert_cmpint (STORE_GET (store, skip, &skip), ==, ANNOT_EXAMPLE_SKIPPED);
  store_contract_close (store);
  g_assert_cmpint (sqlite3_open (self->path, &database), ==, SQLITE_OK);
  for (guint i = 0; i < G_N_ELEMENTS (pairs); i++) {
    g_autofree char *sql
        = g_strdup_printf ("SELECT (SELECT value FROM counters WHERE name = '%s') - (%s)", pairs[i][0], pairs[i][1]);
    sqlite3_stmt *statement = NULL;

    g_assert_cmpint (sqlite3_prepare_v2 (database, sql, -1, &statement, NULL), ==, SQLITE_OK);
    g_assert_cmpint (sqlite3_step (statement), ==, SQLITE_ROW);
    g_assert_cmpint (sqlite3_column_int (statement, 0), ==, 0);
    sqlite3_finalize (statement);
  }
  sqlite3_close (database);
}

/* A look at a database leaves no file behind, and one at another's says so. */
static void
test_inspect (Place *self, gconstpointer unused)
{
  AnnotStore *store = make_store (self, NULL);
  g_autoptr (AnnotSchema) none = STORE_GET (store, inspect);
  g_autoptr (AnnotSchema) newer = NULL;

  g_assert_cmpint (none->version, ==, 0);
  g_assert_cmpstr (none->address, ==, self->path);
  g_assert_false (g_file_test (self->path, G_FILE_TEST_EXISTS));
  STORE_FAIL (store, ANNOT_ERROR_CONFIG, dump);
  g_assert_false (g_file_test (self->path, G_FILE_TEST_EXISTS));
  fill (self, 0);
  execute (self, "PRAGMA user_version = 9999");
  newer = STORE_GET (store, inspect);
  g_assert_cmpint (newer->version, ==, 9999);
  g_assert_cmpuint (g_strv_length (newer->pending), ==, 0);
  STORE_FAIL (store, ANNOT_ERROR_CONFIG, migrate);
  STORE_FAIL (store, ANNOT_ERROR_CONFIG, dump);
  g_assert_true (STORE_GET (store, close));
  execute (self, "PRAGMA application_id = 17");
  STORE_FAIL (store, ANNOT_ERROR_PERMANENT, inspect);
  STORE_FAIL (store, ANNOT_ERROR_PERMANENT, migrate);
  store_contract_close (store);
}

/* What a daemon would write while it is copied would be lost: nobody may have the file open, before or during a copy. */
static void
test_copy_alone (Place *self, gconstpointer unused)
{
  AnnotStore *daemon = make_store (self, "sqlite.busy-timeout=1s");
  AnnotStore *store = make_store (self, NULL);
  g_autoptr (AnnotSchema) schema = NULL;
  g_autoptr (GPtrArray) batch = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (STORE_GET (daemon, open));
  store_contract_put_many (daemon, "x", 3, 0.5);
  schema = STORE_GET (store, inspect);
  g_assert_cmpint (schema->version, ==, schema->known);
  g_assert_cmpint (STORE_GET (store, migrate), ==, 0);
  g_assert_null (STORE_DO (store, dump, &error));
  g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_TEMPORARY);
  g_assert_nonnull (strstr (error->message, "stop annotationd"));
  store_contract_assert_status (daemon, "x-0", ANNOT_EXAMPLE_PENDING);
  g_assert_true (STORE_GET (daemon, close));
  batch = STORE_GET (store, dump);
  g_assert_cmpuint (batch->len, ==, 1);
  STORE_FAIL (daemon, ANNOT_ERROR_TEMPORARY, open);
  g_assert_true (STORE_GET (store, close));
  g_assert_true (STORE_GET (daemon, open));
  store_contract_close (daemon);
  store_contract_close (store);
}

#define ADD(path, test) g_test_add ("/store/sqlite-file/" path, Place, NULL, set_up, test, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("newer", test_newer);
  ADD ("foreign", test_foreign);
  ADD ("foreign-id", test_foreign_id);
  ADD ("not-a-database", test_not_a_database);
  ADD ("truncated", test_truncated);
  ADD ("empty-file", test_empty_file);
  ADD ("file-mode", test_file_mode);
  ADD ("makes-directory", test_makes_directory);
  ADD ("path-is-a-directory", test_path_is_a_directory);
  ADD ("directory-is-a-file", test_directory_is_a_file);
  ADD ("read-only", test_read_only);
  ADD ("full-disk", test_full_disk);
  ADD ("max-size", test_max_size);
  ADD ("busy", test_busy);
  ADD ("stuck", test_stuck);
  ADD ("start-together", test_start_together);
  ADD ("flood", test_flood);
  ADD ("shared-clock", test_shared_clock);
  ADD ("search-beside", test_search_beside);
  ADD ("ended-sessions", test_ended_sessions);
  ADD ("erased-bytes", test_erased_bytes);
  ADD ("counters", test_counters);
  ADD ("inspect", test_inspect);
  ADD ("copy-alone", test_copy_alone);
  return g_test_run ();
}
