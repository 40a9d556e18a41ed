/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every store must do, as tests that know nothing of the plugin under test.
 *
 * Each test gets an empty state directory. A store that keeps its data elsewhere is emptied, schema and all, before each
 * test by the command in $ANNOT_CONTRACT_RESET; its address comes from the environment (ANNOTATIOND_<GROUP>_<KEY>).
 */
#pragma once

#include <annotationd/annotationd.h>

#include "annot-test-loop.h"

G_BEGIN_DECLS

/* One test's store, open on data of its own. directory is the state directory; it is removed after the test. */
typedef struct {
  const char *plugin;
  char *directory;
  AnnotStore *store;
} StoreFixture;

typedef void (*StoreTest) (StoreFixture *fixture, gconstpointer plugin);

/* Adds one test with a store of its own; path without a leading slash. */
void store_contract_add (const char *plugin, const char *path, StoreTest test);
/* Each adds the tests of its file. plugin must stay. */
void store_contract_add_examples (const char *plugin);
void store_contract_add_lists (const char *plugin);
void store_contract_add_leases (const char *plugin);
void store_contract_add_annotations (const char *plugin);
void store_contract_add_outbox (const char *plugin);
void store_contract_add_accounts (const char *plugin);
void store_contract_add_privacy (const char *plugin);
void store_contract_add_life (const char *plugin);
void store_contract_add_copy (const char *plugin);

/* Another instance on the same data, configured, not opened. */
AnnotStore *store_fixture_make (StoreFixture *self);
/* The same, opened. */
AnnotStore *store_fixture_open_another (StoreFixture *self);
/* Closes and releases a store. */
void store_contract_close (AnnotStore *store);
/* Closes the fixture's store and opens the same data again. */
void store_fixture_reopen (StoreFixture *self);
/* Closes the fixture's store and gives it an empty database, without any schema, in its stead; not opened. */
void store_fixture_empty (StoreFixture *self);

/* Runs a method to its answer: STORE_DO (store, claim, &error, "ann", 1, 60). */
#define STORE_DO(store_, method, error, ...)                                                                           \
  ({                                                                                                                   \
    g_auto (AnnotTestCall) call_ = ANNOT_TEST_CALL_INIT;                                                               \
    annot_store_##method (store_, ##__VA_ARGS__, NULL, annot_test_call_done, &call_);                                  \
    annot_store_##method##_finish (store_, annot_test_call_wait (&call_), error);                                      \
  })

/* The same for a call that must succeed. */
#define STORE_GET(store_, method, ...)                                                                                 \
  ({                                                                                                                   \
    g_autoptr (GError) error_ = NULL;                                                                                  \
    __typeof__ (annot_store_##method##_finish (NULL, NULL, NULL)) value_                                               \
        = STORE_DO (store_, method, &error_, ##__VA_ARGS__);                                                           \
    g_assert_no_error (error_);                                                                                        \
    value_;                                                                                                            \
  })

/* And for one that must fail with an ANNOT_ERROR of this code. */
#define STORE_FAIL(store_, code, method, ...)                                                                          \
  do {                                                                                                                 \
    g_autoptr (GError) error_ = NULL;                                                                                  \
    (void) STORE_DO (store_, method, &error_, ##__VA_ARGS__);                                                          \
    g_assert_error (error_, ANNOT_ERROR, code);                                                                        \
  } while (0)

/* An example with every member a producer can set; camera "cam-1", no frame. */
AnnotExample *store_contract_make_example (const char *event_id, double priority);
/* Gives it a small frame. */
void store_contract_add_frame (AnnotExample *example, const char *bytes);
/* Puts one and gives back its seq. */
gint64 store_contract_put (AnnotStore *store, AnnotExample *example_owned);
/* Puts "prefix-0" … "prefix-(n-1)", all of one priority. */
void store_contract_put_many (AnnotStore *store, const char *prefix, guint n, double priority);
/* Claims exactly one. */
AnnotLease *store_contract_claim_one (AnnotStore *store, const char *annotator);
/* Returns: (transfer full): a submit's annotation */
AnnotAnnotation *store_contract_make_annotation (const char *event_id, const char *annotator, guint revision,
                                                 const char *digest);
/* Submits under token (or none) with a message to "labeled-examples"; labels "person" and "car". */
AnnotSubmitResult *store_contract_submit (AnnotStore *store, AnnotAnnotation *annotation, const AnnotLeaseToken *token,
                                          GError **error);
/* Puts, and completes as annotator. */
void store_contract_complete (AnnotStore *store, const char *event_id, const char *annotator);
/* Fails unless the store says the example has this status. */
void store_contract_assert_status (AnnotStore *store, const char *event_id, AnnotExampleStatus status);

G_END_DECLS
