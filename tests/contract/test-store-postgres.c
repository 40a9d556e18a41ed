/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What only the postgres store has: several writers at once, sessions that are killed, locks, bounds of the pool, a
 * database that others have changed. contract-store-postgres.py starts the server and says where it is.
 */
#include <libpq-fe.h>
#include <string.h>

#include "annot-test-backend.h"
#include "store-contract.h"

#define STORES 8
#define BATCHES 12
#define ROWS 5

static PGconn *
connect_beside (void)
{
  PGconn *connection = PQconnectdb (g_getenv ("ANNOTATIOND_POSTGRES_CONNINFO"));

  g_assert_cmpint (PQstatus (connection), ==, CONNECTION_OK);
  return connection;
}

/* Returns: (transfer full): the first value of the answer, empty for none */
static char *
query_on (PGconn *connection, const char *sql)
{
  PGresult *result = PQexec (connection, sql);
  char *value;

  if (PQresultStatus (result) != PGRES_COMMAND_OK && PQresultStatus (result) != PGRES_TUPLES_OK)
    g_error ("%s: %s", sql, PQerrorMessage (connection));
  value = g_strdup (PQntuples (result) > 0 ? PQgetvalue (result, 0, 0) : "");
  PQclear (result);
  return value;
}

static char *
query (const char *sql)
{
  PGconn *connection = connect_beside ();
  char *value = query_on (connection, sql);

  PQfinish (connection);
  return value;
}

static void
execute (const char *sql)
{
  g_free (query (sql));
}

static gint64
count (const char *sql)
{
  g_autofree char *value = query (sql);

  return g_ascii_strtoll (value, NULL, 10);
}

static AnnotStore *
open_with (StoreFixture *fixture, const char *const *options)
{
  AnnotStore *store = annot_test_backend_new (ANNOT_PLUGIN_STORE, fixture->plugin, fixture->directory, options);

  g_assert_true (STORE_GET (store, open));
  return store;
}

static GPtrArray *
make_batch (const char *prefix, guint store, guint batch)
{
  GPtrArray *rows = g_ptr_array_new_with_free_func ((GDestroyNotify) annot_example_unref);

  for (guint row = 0; row < ROWS; row++) {
    g_autofree char *id = g_strdup_printf ("%s-%u-%u-%u", prefix, store, batch, row);

    g_ptr_array_add (rows, store_contract_make_example (id, 0.5));
  }
  return rows;
}

/* The numbers of all rows are 1 … n, and what is counted is what is there. */
static void
assert_gapless (gint64 n)
{
  g_assert_cmpint (count ("SELECT count(*) FROM annotationd.examples"), ==, n);
  g_assert_cmpint (count ("SELECT min(seq) FROM annotationd.examples"), ==, 1);
  g_assert_cmpint (count ("SELECT max(seq) FROM annotationd.examples"), ==, n);
  g_assert_cmpint (count ("SELECT seq FROM annotationd.position"), ==, n);
  g_assert_cmpint (count ("SELECT sum(pending) FROM annotationd.tallies"), ==,
                   count ("SELECT count(*) FROM annotationd.examples WHERE status = 0"));
}

static void
test_eight_writers (StoreFixture *fixture, gconstpointer plugin)
{
  AnnotStore *stores[STORES];
  AnnotTestCall calls[STORES * BATCHES] = { 0 };

  for (guint i = 0; i < STORES; i++)
    stores[i] = store_fixture_open_another (fixture);
  /* Every batch is put by two stores, as after a rebalance. */
  for (guint i = 0; i < STORES * BATCHES; i++) {
    g_autoptr (GPtrArray) rows = make_batch ("w", i % STORES / 2, i / STORES);

    annot_store_put_examples (stores[i % STORES], rows, NULL, annot_test_call_done, &calls[i]);
  }
  for (guint i = 0; i < STORES * BATCHES; i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GArray) results
        = annot_store_put_examples_finish (stores[i % STORES], annot_test_call_wait (&calls[i]), &error);

    g_assert_no_error (error);
    annot_test_call_clear (&calls[i]);
    for (guint row = 1; row < ROWS; row++)
      g_assert_cmpint (g_array_index (results, AnnotPutResult, row).seq, ==,
                       g_array_index (results, AnnotPutResult, row - 1).seq + 1);
  }
  assert_gapless (STORES / 2 * BATCHES * ROWS);
  for (guint i = 0; i < STORES; i++)
    store_contract_close (stores[i]);
}

static void
test_claims_at_once (StoreFixture *fixture, gconstpointer plugin)
{
  AnnotStore *stores[STORES];
  AnnotTestCall calls[STORES * BATCHES] = { 0 };
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  guint n = STORES * BATCHES * 3;

  store_contract_put_many (fixture->store, "c", n, 0.5);
  for (guint i = 0; i < STORES; i++)
    stores[i] = store_fixture_open_another (fixture);
  for (guint i = 0; i < STORES * BATCHES; i++) {
    g_autofree char *annotator = g_strdup_printf ("person-%u", i);

    annot_store_claim (stores[i % STORES], annotator, 3, 60, NULL, annot_test_call_done, &calls[i]);
  }
  for (guint i = 0; i < STORES * BATCHES; i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) leases
        = annot_store_claim_finish (stores[i % STORES], annot_test_call_wait (&calls[i]), &error);

    g_assert_no_error (error);
    annot_test_call_clear (&calls[i]);
    /* Nobody waits for another, and nobody gets less because of another. */
    g_assert_cmpuint (leases->len, ==, 3);
    for (guint k = 0; k < leases->len; k++)
      g_assert_true (g_hash_table_add (seen, g_strdup (((AnnotLease *) leases->pdata[k])->event_id)));
  }
  g_assert_cmpuint (g_hash_table_size (seen), ==, n);
  g_assert_cmpint (count ("SELECT sum(pending) FROM annotationd.tallies"), ==, 0);
  g_assert_cmpint (count ("SELECT sum(leased) FROM annotationd.tallies"), ==, n);
  for (guint i = 0; i < STORES; i++)
    store_contract_close (stores[i]);
}

/* Takes by both stores at once until there is nothing left; a message may only come after the one before it of its
 * example was confirmed. */
static void
test_outbox_of_two (StoreFixture *fixture, gconstpointer plugin)
{
  AnnotStore *stores[2] = { fixture->store, store_fixture_open_another (fixture) };
  g_autoptr (GHashTable) last = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  guint taken = 0;

  for (guint i = 0; i < 10; i++) {
    g_autofree char *id = g_strdup_printf ("o-%u", i);

    store_contract_complete (fixture->store, id, "ann");
    for (guint revision = 2; revision <= 4; revision++) {
      g_autofree char *digest = g_strdup_printf ("digest-%u", revision);
      g_autoptr (AnnotAnnotation) annotation = store_contract_make_annotation (id, "ann", revision, digest);
      g_autoptr (AnnotSubmitResult) result = store_contract_submit (stores[revision % 2], annotation, NULL, NULL);

      g_assert_nonnull (result);
    }
  }
  while (taken < 40) {
    AnnotTestCall calls[4] = { 0 };
    g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func ((GDestroyNotify) annot_outgoing_free);
    g_autoptr (GHashTable) examples = g_hash_table_new (g_str_hash, g_str_equal);
    guint before = taken;

    for (guint i = 0; i < 4; i++)
      annot_store_take_outgoing (stores[i % 2], 7, 60, NULL, annot_test_call_done, &calls[i]);
    for (guint i = 0; i < 4; i++) {
      g_autoptr (GPtrArray) some
          = annot_store_take_outgoing_finish (stores[i % 2], annot_test_call_wait (&calls[i]), NULL);

      annot_test_call_clear (&calls[i]);
      g_assert_nonnull (some);
      g_ptr_array_extend_and_steal (all, g_steal_pointer (&some));
    }
    for (guint i = 0; i < all->len; i++) {
      const AnnotOutgoing *message = all->pdata[i];
      const char *ids[] = { message->id, NULL };
      g_autofree char *revision_sql
          = g_strdup_printf ("SELECT revision FROM annotationd.annotations WHERE id = '%s'", message->id);
      int revision = (int) count (revision_sql);

      g_assert_true (g_hash_table_add (examples, message->event_id));
      g_assert_cmpint (revision, ==, GPOINTER_TO_INT (g_hash_table_lookup (last, message->event_id)) + 1);
      g_hash_table_insert (last, g_strdup (message->event_id), GINT_TO_POINTER (revision));
      g_assert_true (STORE_GET (stores[i % 2], confirm_outgoing, ids));
      taken++;
    }
    g_assert_cmpuint (taken, >, before);
  }
  g_assert_cmpint (count ("SELECT sum(outgoing) FROM annotationd.tallies"), ==, 0);
  store_contract_close (stores[1]);
}

static void
kill_sessions (PGconn *connection)
{
  g_free (query_on (connection, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                                "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"));
}

/* Puts each batch until it is taken, as the core does, while all sessions are killed again and again. */
static void
test_killed_sessions (StoreFixture *fixture, gconstpointer plugin)
{
  PGconn *killer = connect_beside ();
  guint failures = 0;

  for (guint batch = 0; batch < 60; batch++) {
    g_autoptr (GArray) results = NULL;
    guint tries = 0;

    while (!results) {
      g_autoptr (GPtrArray) rows = make_batch ("k", 0, batch);
      g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
      g_autoptr (GError) error = NULL;

      g_assert_cmpuint (++tries, <, 100);
      annot_store_put_examples (fixture->store, rows, NULL, annot_test_call_done, &call);
      if (batch % 3 == 0 && tries == 1) {
        /* Somewhere between the request and the answer. */
        annot_test_wait_for (batch % 6 ? 1 : 0);
        kill_sessions (killer);
      }
      results = annot_store_put_examples_finish (fixture->store, annot_test_call_wait (&call), &error);
      if (results)
        continue;
      failures++;
      g_assert_true (annot_error_is_transient (error));
      annot_test_wait_for (20);
    }
  }
  PQfinish (killer);
  g_assert_cmpuint (failures, >, 0);
  assert_gapless (60 * ROWS);
}

/* What only reads is simply asked again. */
static void
test_killed_while_idle (StoreFixture *fixture, gconstpointer plugin)
{
  PGconn *killer = connect_beside ();

  for (guint i = 0; i < 5; i++) {
    g_autoptr (AnnotPosition) position = NULL;

    kill_sessions (killer);
    position = STORE_GET (fixture->store, get_position);
    g_assert_cmpint (position->seq, ==, 0);
  }
  PQfinish (killer);
}

static void
test_pool_bound (StoreFixture *fixture, gconstpointer plugin)
{
  const char *const options[] = { "postgres.pool-max=3", "postgres.pool-wait=1s", "postgres.lock-timeout=10s", NULL };
  AnnotStore *store = open_with (fixture, options);
  PGconn *holder = connect_beside ();
  AnnotTestCall calls[12] = { 0 };
  gint64 start;
  guint refused = 0;

  g_free (query_on (holder, "BEGIN"));
  g_free (query_on (holder, "SELECT seq FROM annotationd.position FOR UPDATE"));
  start = g_get_monotonic_time ();
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++) {
    g_autoptr (GPtrArray) rows = make_batch ("p", 0, i);

    annot_store_put_examples (store, rows, NULL, annot_test_call_done, &calls[i]);
  }
  annot_test_wait_for (1500);
  g_assert_cmpint (count ("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'annotationd'"), <=, 3 + 8);
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    refused += calls[i].result != NULL;
  /* One connection does the work; it takes a few requests, and the others have waited long enough. */
  g_assert_cmpuint (refused, >=, G_N_ELEMENTS (calls) - 4);
  g_assert_cmpuint (refused, <, G_N_ELEMENTS (calls));
  g_free (query_on (holder, "COMMIT"));
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GArray) results = annot_store_put_examples_finish (store, annot_test_call_wait (&calls[i]), &error);

    annot_test_call_clear (&calls[i]);
    if (!results)
      g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_TEMPORARY);
  }
  g_assert_cmpint (g_get_monotonic_time () - start, <, 5 * G_USEC_PER_SEC);
  PQfinish (holder);
  store_contract_close (store);
}

static void
test_lock_timeout (StoreFixture *fixture, gconstpointer plugin)
{
  const char *const options[] = { "postgres.lock-timeout=1s", NULL };
  AnnotStore *store = open_with (fixture, options);
  PGconn *holder = connect_beside ();
  g_autoptr (GPtrArray) rows = make_batch ("l", 0, 0);
  g_autoptr (GError) error = NULL;

  g_free (query_on (holder, "BEGIN"));
  g_free (query_on (holder, "SELECT seq FROM annotationd.position FOR UPDATE"));
  g_assert_null (STORE_DO (store, put_examples, &error, rows));
  g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_TEMPORARY);
  g_assert_nonnull (strstr (error->message, "lock-timeout"));
  PQfinish (holder);
  store_contract_close (store);
}

/* Searches fill their own connections; what is quick does not notice, and who gives a search up ends it. */
static void
test_search_apart (StoreFixture *fixture, gconstpointer plugin)
{
  AnnotExampleQuery search = { .any_status = TRUE, .label = "person", .limit = 1 };
  PGconn *holder = connect_beside ();
  AnnotTestCall calls[8] = { 0 };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  gint64 start;

  g_free (query_on (holder, "BEGIN"));
  g_free (query_on (holder, "LOCK TABLE annotationd.example_labels IN ACCESS EXCLUSIVE MODE"));
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    annot_store_list_examples (fixture->store, &search, cancellable, annot_test_call_done, &calls[i]);
  annot_test_wait_for (200);
  start = g_get_monotonic_time ();
  for (guint i = 0; i < 10; i++) {
    g_autoptr (AnnotPosition) position = STORE_GET (fixture->store, get_position);
    g_autoptr (AnnotHealth) health = STORE_GET (fixture->store, health);

    g_assert_nonnull (position);
    g_assert_true (health->healthy);
  }
  g_assert_cmpint (g_get_monotonic_time () - start, <, 5 * G_USEC_PER_SEC);
  g_cancellable_cancel (cancellable);
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_null (annot_store_list_examples_finish (fixture->store, annot_test_call_wait (&calls[i]), &error));
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    annot_test_call_clear (&calls[i]);
  }
  g_assert_cmpint (g_get_monotonic_time () - start, <, 10 * G_USEC_PER_SEC);
  PQfinish (holder);
}

/* A transaction that the server undoes for the sake of another is run again, a few times. */
static void
test_serialization_failure (StoreFixture *fixture, gconstpointer plugin)
{
  g_autoptr (GPtrArray) rows = make_batch ("s", 0, 0);
  g_autoptr (GArray) results = NULL;
  g_autoptr (GError) error = NULL;

  execute ("CREATE SEQUENCE annotationd.failures;"
           "CREATE FUNCTION annotationd.fail () RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
           " IF nextval ('annotationd.failures') <= 3 THEN RAISE 'another came first' USING ERRCODE = '40001';"
           " END IF; RETURN NULL; END $$;"
           "CREATE TRIGGER fail AFTER INSERT ON annotationd.examples EXECUTE FUNCTION annotationd.fail ()");
  results = STORE_GET (fixture->store, put_examples, rows);
  g_assert_cmpuint (results->len, ==, ROWS);
  assert_gapless (ROWS);
  execute ("ALTER SEQUENCE annotationd.failures RESTART MINVALUE -1000 START -1000; "
           "SELECT setval ('annotationd.failures', -1000)");
  g_ptr_array_unref (g_steal_pointer (&rows));
  rows = make_batch ("s", 0, 1);
  g_assert_null (STORE_DO (fixture->store, put_examples, &error, rows));
  g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_TEMPORARY);
  assert_gapless (ROWS);
}

/* What no index can hold, and what is no text: the row's fault, so that intake finds it and goes on. */
static void
test_poison (StoreFixture *fixture, gconstpointer plugin)
{
  for (guint i = 0; i < 3; i++) {
    g_autoptr (GPtrArray) batch = g_ptr_array_new_with_free_func ((GDestroyNotify) annot_example_unref);
    AnnotExample *poison = store_contract_make_example ("poison", 0.5);
    GString *noise = g_string_new (NULL);

    for (guint k = 0; k < 4000; k++)
      g_string_append_c (noise, (char) g_random_int_range ('a', 'z'));
    if (i == 0) {
      g_free (poison->labels[0]);
      poison->labels[0] = g_string_free (noise, FALSE);
    } else {
      g_string_free (noise, TRUE);
      g_free (i == 1 ? poison->payload : poison->camera_id);
      *(i == 1 ? &poison->payload : &poison->camera_id) = g_strdup ("{\"a\":\"\xff\xfe\"}");
    }
    g_ptr_array_add (batch, store_contract_make_example ("good", 0.5));
    g_ptr_array_add (batch, poison);
    STORE_FAIL (fixture->store, ANNOT_ERROR_PERMANENT, put_examples, batch);
    STORE_FAIL (fixture->store, ANNOT_ERROR_NOT_FOUND, get_example, "good", FALSE);
  }
}

/* The primary of before answers as a standby: its connections go, and the health says so. */
static void
test_read_only (StoreFixture *fixture, gconstpointer plugin)
{
  g_autoptr (GPtrArray) rows = make_batch ("r", 0, 0);
  g_autoptr (GError) error = NULL;
  g_autoptr (AnnotHealth) ill = NULL;
  g_autoptr (AnnotHealth) well = NULL;
  g_autoptr (GArray) results = NULL;

  execute ("ALTER SYSTEM SET default_transaction_read_only = on");
  execute ("SELECT pg_reload_conf ()");
  for (guint i = 0; !error && i < 100; i++) {
    g_autoptr (GArray) known = STORE_DO (fixture->store, put_examples, &error, rows);

    annot_test_wait_for (100);
  }
  g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_NOT_CONNECTED);
  annot_test_wait_for (300);
  ill = STORE_GET (fixture->store, health);
  g_assert_false (ill->healthy);
  execute ("ALTER SYSTEM RESET default_transaction_read_only");
  execute ("SELECT pg_reload_conf ()");
  annot_test_wait_for (3000);
  results = STORE_GET (fixture->store, put_examples, rows);
  g_assert_cmpuint (results->len, ==, ROWS);
  well = STORE_GET (fixture->store, health);
  g_assert_true (well->healthy);
}

static void
test_newer_database (StoreFixture *fixture, gconstpointer plugin)
{
  AnnotStore *store = store_fixture_make (fixture);
  g_autoptr (GError) error = NULL;

  execute ("INSERT INTO annotationd.migrations (version, name, checksum) VALUES (999, '0999-later.sql', 'x')");
  g_assert_false (STORE_DO (store, open, &error));
  g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_CONFIG);
  g_assert_nonnull (strstr (error->message, "newer annotationd"));
  g_object_unref (store);
}

/* While instances are replaced one by one the old ones go on, and connect again, on what the new ones have migrated. */
static void
test_rolling_update (StoreFixture *fixture, gconstpointer plugin)
{
  PGconn *killer = connect_beside ();
  gint64 until = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;
  g_autoptr (AnnotLease) lease = NULL;
  g_autoptr (GArray) taken = NULL;

  store_contract_put_many (fixture->store, "before", 1, 0.5);
  execute ("INSERT INTO annotationd.migrations (version, name, checksum) VALUES (999, '0999-later.sql', 'x')");
  kill_sessions (killer);
  while (!taken && g_get_monotonic_time () < until) {
    g_autoptr (GPtrArray) batch = g_ptr_array_new_with_free_func ((GDestroyNotify) annot_example_unref);
    g_autoptr (GError) error = NULL;

    g_ptr_array_add (batch, store_contract_make_example ("after", 0.9));
    taken = STORE_DO (fixture->store, put_examples, &error, batch);
    if (!taken)
      annot_test_wait_for (50);
  }
  g_assert_nonnull (taken);
  lease = store_contract_claim_one (fixture->store, "ann");
  g_assert_cmpstr (lease->event_id, ==, "after");
  store_contract_complete (fixture->store, "third", "ann");
  PQfinish (killer);
}

static void
test_other_migration (StoreFixture *fixture, gconstpointer plugin)
{
  AnnotStore *store = store_fixture_make (fixture);
  g_autoptr (GError) error = NULL;

  execute ("UPDATE annotationd.migrations SET checksum = 'x' WHERE version = 2");
  g_assert_false (STORE_DO (store, open, &error));
  g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_CONFIG);
  g_object_unref (store);
}

/* Instances that start at once on an empty database take turns. */
static void
test_migrating_at_once (StoreFixture *fixture, gconstpointer plugin)
{
  AnnotStore *stores[4];
  AnnotTestCall calls[4] = { 0 };

  store_contract_close (fixture->store);
  execute ("SET client_min_messages = warning; DROP SCHEMA annotationd CASCADE");
  for (guint i = 0; i < G_N_ELEMENTS (stores); i++) {
    stores[i] = store_fixture_make (fixture);
    annot_store_open (stores[i], NULL, annot_test_call_done, &calls[i]);
  }
  for (guint i = 0; i < G_N_ELEMENTS (stores); i++) {
    g_autoptr (GError) error = NULL;

    annot_store_open_finish (stores[i], annot_test_call_wait (&calls[i]), &error);
    g_assert_no_error (error);
    annot_test_call_clear (&calls[i]);
  }
  for (guint i = 1; i < G_N_ELEMENTS (stores); i++)
    store_contract_close (stores[i]);
  fixture->store = stores[0];
  g_assert_cmpint (store_contract_put (fixture->store, store_contract_make_example ("a", 0.5)), ==, 1);
}

static void
test_without_migrating (StoreFixture *fixture, gconstpointer plugin)
{
  const char *const options[] = { "postgres.migrate=false", NULL };
  AnnotStore *store = annot_test_backend_new (ANNOT_PLUGIN_STORE, fixture->plugin, fixture->directory, options);
  g_autoptr (GError) error = NULL;

  g_assert_true (STORE_GET (store, open));
  g_assert_true (STORE_GET (store, close));
  execute ("SET client_min_messages = warning; DROP SCHEMA annotationd CASCADE");
  g_assert_false (STORE_DO (store, open, &error));
  g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_CONFIG);
  g_assert_nonnull (strstr (error->message, "annotationctl db migrate"));
  g_object_unref (store);
}

/* However people and scripts work at the same time, what is counted is what is there. */
static void
test_tallies (StoreFixture *fixture, gconstpointer plugin)
{
  AnnotStore *stores[4];
  AnnotTestCall calls[80] = { 0 };

  store_contract_put_many (fixture->store, "t", G_N_ELEMENTS (calls), 0.5);
  for (guint i = 0; i < G_N_ELEMENTS (stores); i++)
    stores[i] = store_fixture_open_another (fixture);
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++) {
    g_autofree char *id = g_strdup_printf ("t-%u", i);
    const char *const labels[] = { "person", i % 2 ? "car" : "dog", NULL };
    g_autoptr (AnnotAnnotation) annotation = store_contract_make_annotation (id, i % 5 ? "ann" : "bob", 1, "d");
    AnnotSubmission submission = { .annotation = annotation, .labels = labels };
    AnnotSkip skip = { .event_id = id, .annotator = "ann", .reason = "r", .max_skips = 1 + i % 2 };

    switch (i % 4) {
    case 0:
      annot_store_submit (stores[i % 4], &submission, NULL, annot_test_call_done, &calls[i]);
      break;
    case 1:
      annot_store_skip (stores[i % 4], &skip, NULL, annot_test_call_done, &calls[i]);
      break;
    case 2:
      annot_store_remove (stores[i % 4], id, NULL, NULL, annot_test_call_done, &calls[i]);
      break;
    default:
      annot_store_claim (stores[i % 4], "zoe", 1, 60, NULL, annot_test_call_done, &calls[i]);
      break;
    }
  }
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++) {
    annot_test_call_wait (&calls[i]);
    annot_test_call_clear (&calls[i]);
  }
  g_assert_cmpint (count ("SELECT count(*) FROM annotationd.examples"), ==,
                   count ("SELECT sum(pending + leased + completed + skipped) FROM annotationd.tallies"));
  g_assert_cmpint (count ("SELECT count(*) FROM (SELECT sum(pending), sum(leased), sum(completed), sum(skipped)"
                          " FROM annotationd.tallies EXCEPT SELECT count(*) FILTER (WHERE status = 0),"
                          " count(*) FILTER (WHERE status = 1), count(*) FILTER (WHERE status = 2),"
                          " count(*) FILTER (WHERE status = 3) FROM annotationd.examples) AS d"),
                   ==, 0);
  g_assert_cmpint (count ("SELECT count(*) FROM (SELECT label, sum(count) FROM annotationd.label_counts GROUP BY label"
                          " HAVING sum(count) <> 0 EXCEPT SELECT label, count(*) FROM annotationd.annotation_labels"
                          " GROUP BY label) AS d"),
                   ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (stores); i++)
    store_contract_close (stores[i]);
}

/* A copy of what others are writing would be out of date: they are noticed before it, and after it. */
static void
test_copy_beside_others (StoreFixture *fixture, gconstpointer plugin)
{
  AnnotStore *store = store_fixture_make (fixture);
  gboolean stale = FALSE;

  store_contract_put_many (fixture->store, "c", 3, 0.5);
  STORE_FAIL (store, ANNOT_ERROR_TEMPORARY, dump);
  store_contract_close (fixture->store);
  for (guint i = 0; i < 10 && !stale; i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) batch = STORE_DO (store, dump, &error);

    if (i == 0)
      execute ("UPDATE annotationd.tallies SET pending = pending WHERE slot = 5");
    stale = g_error_matches (error, ANNOT_ERROR, ANNOT_ERROR_STALE);
    g_assert_true (stale || batch != NULL);
  }
  g_assert_true (stale);
  g_assert_true (STORE_GET (store, close));
  g_assert_true (STORE_GET (store, open));
  fixture->store = store;
}

static GPtrArray *
make_framed (const char *id, const char *bytes)
{
  GPtrArray *rows = g_ptr_array_new_with_free_func ((GDestroyNotify) annot_example_unref);

  g_ptr_array_add (rows, store_contract_make_example (id, 0.5));
  store_contract_add_frame (rows->pdata[0], bytes);
  return rows;
}

/* An instance that is cut off, or stands still, while its frames are on their way must not keep all others from
 * putting: nobody would let go of what it has locked. The frames' table that is locked here stands for the way. */
static void
test_frames_under_way (StoreFixture *fixture, gconstpointer plugin)
{
  static const char *const options[] = { "postgres.lock-timeout=20", NULL };
  AnnotStore *slow = open_with (fixture, options);
  PGconn *way = connect_beside ();
  g_autoptr (GPtrArray) framed = make_framed ("slow", "frame");
  g_autoptr (GPtrArray) rows = make_batch ("f", 0, 0);
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autoptr (GArray) results = NULL;
  gint64 begun;

  g_free (query_on (way, "BEGIN; LOCK TABLE annotationd.frames IN SHARE MODE"));
  annot_store_put_examples (slow, framed, NULL, annot_test_call_done, &call);
  while (count ("SELECT count(*) FROM pg_locks WHERE NOT granted") == 0)
    annot_test_wait_for (10);
  begun = g_get_monotonic_time ();
  results = STORE_GET (fixture->store, put_examples, rows);
  g_assert_cmpint (g_get_monotonic_time () - begun, <, 2 * G_USEC_PER_SEC);
  g_assert_cmpint (g_array_index (results, AnnotPutResult, 0).seq, ==, 1);
  g_free (query_on (way, "COMMIT"));
  g_clear_pointer (&results, g_array_unref);
  results = annot_store_put_examples_finish (slow, annot_test_call_wait (&call), NULL);
  g_assert_cmpint (g_array_index (results, AnnotPutResult, 0).seq, ==, ROWS + 1);
  assert_gapless (ROWS + 1);
  PQfinish (way);
  store_contract_close (slow);
}

/* A message that is read again while its example is being erased brings nothing of it back. */
static void
test_frame_of_erased (StoreFixture *fixture, gconstpointer plugin)
{
  PGconn *eraser = connect_beside ();
  g_autoptr (GPtrArray) rows = make_framed ("gone", "frame");
  g_autoptr (GPtrArray) again = make_framed ("gone", "frame");
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autoptr (GArray) first = STORE_GET (fixture->store, put_examples, rows);
  g_autoptr (GArray) results = NULL;

  g_assert_cmpuint (first->len, ==, 1);
  g_free (query_on (eraser, "BEGIN; SELECT annotationd.erase_examples_1 (ARRAY[1])"));
  annot_store_put_examples (fixture->store, again, NULL, annot_test_call_done, &call);
  annot_test_wait_for (300);
  g_free (query_on (eraser, "COMMIT"));
  results = annot_store_put_examples_finish (fixture->store, annot_test_call_wait (&call), NULL);
  g_assert_true (g_array_index (results, AnnotPutResult, 0).known);
  g_assert_cmpint (count ("SELECT count(*) FROM annotationd.examples"), ==, 0);
  g_assert_cmpint (count ("SELECT count(*) FROM annotationd.frames"), ==, 0);
  PQfinish (eraser);
}

/* Nor does it lose its frame when it is a new one by the time that it is put. */
static void
test_frame_of_removed (StoreFixture *fixture, gconstpointer plugin)
{
  PGconn *other = connect_beside ();
  g_autoptr (GPtrArray) rows = make_framed ("back", "frame");
  g_autoptr (GPtrArray) again = make_framed ("back", "frame");
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autoptr (GArray) first = STORE_GET (fixture->store, put_examples, rows);
  g_autoptr (GArray) results = NULL;

  g_assert_cmpuint (first->len, ==, 1);
  g_free (query_on (other, "BEGIN; SELECT 1 FROM annotationd.position FOR UPDATE"));
  annot_store_put_examples (fixture->store, again, NULL, annot_test_call_done, &call);
  while (count ("SELECT count(*) FROM pg_locks WHERE NOT granted") == 0)
    annot_test_wait_for (10);
  g_free (query_on (other, "SELECT annotationd.erase_examples_1 (ARRAY[1]); COMMIT"));
  results = annot_store_put_examples_finish (fixture->store, annot_test_call_wait (&call), NULL);
  g_assert_false (g_array_index (results, AnnotPutResult, 0).known);
  g_assert_cmpint (
      count ("SELECT count(*) FROM annotationd.frames AS f JOIN annotationd.examples AS e ON e.seq = f.seq"), ==, 1);
  g_assert_cmpint (count ("SELECT count(*) FROM annotationd.frames"), ==, 1);
  PQfinish (other);
}

int
main (int argc, char **argv)
{
  const char *plugin = "postgres";

  g_test_init (&argc, &argv, NULL);
  if (!g_getenv ("ANNOTATIOND_POSTGRES_CONNINFO") || !annot_test_backend_is_built (ANNOT_PLUGIN_STORE, plugin)) {
    g_print ("1..0 # SKIP no server, or the plugin is not built\n");
    return 0;
  }
  store_contract_add (plugin, "own/eight-writers", test_eight_writers);
  store_contract_add (plugin, "own/claims-at-once", test_claims_at_once);
  store_contract_add (plugin, "own/outbox-of-two", test_outbox_of_two);
  store_contract_add (plugin, "own/killed-sessions", test_killed_sessions);
  store_contract_add (plugin, "own/killed-while-idle", test_killed_while_idle);
  store_contract_add (plugin, "own/pool-bound", test_pool_bound);
  store_contract_add (plugin, "own/lock-timeout", test_lock_timeout);
  store_contract_add (plugin, "own/search-apart", test_search_apart);
  store_contract_add (plugin, "own/serialization-failure", test_serialization_failure);
  store_contract_add (plugin, "own/poison", test_poison);
  store_contract_add (plugin, "own/read-only", test_read_only);
  store_contract_add (plugin, "own/newer-database", test_newer_database);
  store_contract_add (plugin, "own/rolling-update", test_rolling_update);
  store_contract_add (plugin, "own/other-migration", test_other_migration);
  store_contract_add (plugin, "own/migrating-at-once", test_migrating_at_once);
  store_contract_add (plugin, "own/without-migrating", test_without_migrating);
  store_contract_add (plugin, "own/tallies", test_tallies);
  store_contract_add (plugin, "own/copy-beside-others", test_copy_beside_others);
  store_contract_add (plugin, "own/frames-under-way", test_frames_under_way);
  store_contract_add (plugin, "own/frame-of-erased", test_frame_of_erased);
  store_contract_add (plugin, "own/frame-of-removed", test_frame_of_removed);
  return g_test_run ();
}
