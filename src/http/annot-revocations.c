/* SPDX-License-Identifier: Apache-2.0 */
/* Which signed sessions have ended before their time, known here without asking anybody. */
#include "annot-revocations.h"

#include <string.h>

#include "model/annot-json-reader.h"
#include "model/annot-json-writer.h"

struct _AnnotRevocations {
  GObject parent_instance;
  AnnotStore *store;
  AnnotState *state;
  GHashTable *revoked;   /* jti to gint64: when it would have expired */
  GHashTable *suspended; /* account to the turn of reading that lifts it */
  guint turn;            /* of reading the store, counted when it begins */
  gboolean reading;
  gboolean read_again;
  guint timer;
};

G_DEFINE_FINAL_TYPE (AnnotRevocations, annot_revocations, G_TYPE_OBJECT)

enum { REVOKED, ACCOUNT_CHANGED, N_SIGNALS };
static guint signals[N_SIGNALS];

static void read_store (AnnotRevocations *self);

static void
annot_revocations_init (AnnotRevocations *self)
{
  self->revoked = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->suspended = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

static void
annot_revocations_dispose (GObject *object)
{
  AnnotRevocations *self = ANNOT_REVOCATIONS (object);

  g_clear_handle_id (&self->timer, g_source_remove);
  g_clear_object (&self->store);
  g_clear_object (&self->state);
  G_OBJECT_CLASS (annot_revocations_parent_class)->dispose (object);
}

static void
annot_revocations_finalize (GObject *object)
{
  AnnotRevocations *self = ANNOT_REVOCATIONS (object);

  g_hash_table_unref (self->revoked);
  g_hash_table_unref (self->suspended);
  G_OBJECT_CLASS (annot_revocations_parent_class)->finalize (object);
}

static void
annot_revocations_class_init (AnnotRevocationsClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = annot_revocations_dispose;
  object_class->finalize = annot_revocations_finalize;
  signals[REVOKED] = g_signal_new ("revoked", ANNOT_TYPE_REVOCATIONS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_STRING);
  signals[ACCOUNT_CHANGED] = g_signal_new ("account-changed", ANNOT_TYPE_REVOCATIONS, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                           NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

AnnotRevocations *
annot_revocations_new (AnnotStore *store, AnnotState *state)
{
  AnnotRevocations *self = g_object_new (ANNOT_TYPE_REVOCATIONS, NULL);

  self->store = g_object_ref (store);
  self->state = g_object_ref (state);
  return self;
}

static void
add (AnnotRevocations *self, const char *jti, const char *account, gint64 expires_at)
{
  if (g_hash_table_contains (self->revoked, jti))
    return;
  g_hash_table_insert (self->revoked, g_strdup (jti), g_memdup2 (&expires_at, sizeof (expires_at)));
  g_signal_emit (self, signals[REVOKED], 0, jti, account);
}

static gboolean
has_expired (gpointer jti, gpointer value, gpointer user_data)
{
  (void) jti;
  return *(const gint64 *) value <= *(const gint64 *) user_data;
}

static gboolean
is_lifted (gpointer account, gpointer value, gpointer user_data)
{
  (void) account;
  return GPOINTER_TO_UINT (value) <= GPOINTER_TO_UINT (user_data);
}

/* What the store has answered, in the turn that ends now. */
static void
take_sessions (AnnotRevocations *self, GPtrArray *sessions)
{
  gint64 now = g_get_real_time ();
  guint i;

  for (i = 0; i < sessions->len; i++) {
    const AnnotSession *session = g_ptr_array_index (sessions, i);

    add (self, session->jti, session->account, session->expires_at);
  }
  g_hash_table_foreach_remove (self->revoked, has_expired, &now);
  g_hash_table_foreach_remove (self->suspended, is_lifted, GUINT_TO_POINTER (self->turn));
}

static void
store_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (AnnotRevocations) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) sessions = annot_store_list_revoked_finish (ANNOT_STORE (source), result, &error);

  self->reading = FALSE;
  if (sessions)
    take_sessions (self, sessions);
  else
    g_debug ("The revoked sessions were not read: %s", error->message);
  if (self->read_again)
    read_store (self);
}

static void
read_store (AnnotRevocations *self)
{
  if (!self->store)
    return;
  self->read_again = self->reading;
  if (self->reading)
    return;
  self->reading = TRUE;
  self->turn++;
  annot_store_list_revoked (self->store, NULL, store_read, g_object_ref (self));
}

/* Lifted by the first reading that begins after this. */
static void
suspend (AnnotRevocations *self, const char *account)
{
  g_hash_table_insert (self->suspended, g_strdup (account), GUINT_TO_POINTER (self->turn + 1));
  read_store (self);
}

static char *
read_member (AnnotJsonReader *reader)
{
  AnnotJsonSpan span;

  if (annot_json_reader_peek (reader) != ANNOT_JSON_STRING) {
    annot_json_reader_skip (reader, NULL);
    return NULL;
  }
  return annot_json_reader_read_string (reader, &span) ? annot_json_span_dup (&span) : NULL;
}

static void
news (AnnotState *state, const char *channel, GBytes *data, AnnotRevocations *self)
{
  g_autofree char *jti = NULL;
  g_autofree char *account = NULL;
  gboolean sessions = FALSE;
  double until = 0;
  AnnotJsonReader reader;
  AnnotJsonSpan name;
  gsize length;
  const char *text = g_bytes_get_data (data, &length);

  (void) state;
  (void) channel;
  annot_json_reader_init (&reader, text, length, 2);
  if (!annot_json_reader_begin_object (&reader))
    return;
  while (annot_json_reader_next_member (&reader, &name)) {
    if (!jti && annot_json_span_equal (&name, "jti"))
      jti = read_member (&reader);
    else if (!account && annot_json_span_equal (&name, "account"))
      account = read_member (&reader);
    else if (annot_json_span_equal (&name, "until"))
      annot_json_reader_read_number (&reader, &until);
    else if (annot_json_span_equal (&name, "sessions"))
      annot_json_reader_read_boolean (&reader, &sessions);
    else
      annot_json_reader_skip (&reader, NULL);
  }
  if (!annot_json_reader_finish (&reader))
    return;
  if (jti && account && until > 0 && until < 1e17)
    add (self, jti, account, (gint64) until);
  else if (!jti) {
    if (sessions && account)
      suspend (self, account);
    g_signal_emit (self, signals[ACCOUNT_CHANGED], 0, account);
  }
}

static gboolean
tick (gpointer user_data)
{
  read_store (user_data);
  return G_SOURCE_CONTINUE;
}

static void
subscribed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  (void) user_data;
  if (!annot_state_subscribe_finish (ANNOT_STATE (source), result, &error))
    g_message ("Ended sessions of other instances are noticed every %d s only: %s", ANNOT_REVOCATIONS_INTERVAL,
               error->message);
}

static void
first_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  AnnotRevocations *self = g_task_get_source_object (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) sessions = annot_store_list_revoked_finish (ANNOT_STORE (source), result, &error);

  if (!sessions) {
    g_task_return_error (task, g_steal_pointer (&error));
    return;
  }
  take_sessions (self, sessions);
  self->timer = g_timeout_add_seconds (ANNOT_REVOCATIONS_INTERVAL, tick, self);
  g_task_return_boolean (task, TRUE);
}

void
annot_revocations_start (AnnotRevocations *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, annot_revocations_start);
  g_signal_connect_object (self->state, "message::" ANNOT_CHANNEL_REVOKED, G_CALLBACK (news), self, 0);
  g_signal_connect_object (self->state, "gap", G_CALLBACK (read_store), self, G_CONNECT_SWAPPED);
  annot_state_subscribe (self->state, ANNOT_CHANNEL_REVOKED, cancellable, subscribed, NULL);
  annot_store_list_revoked (self->store, cancellable, first_read, g_steal_pointer (&task));
}

gboolean
annot_revocations_start_finish (AnnotRevocations *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

gboolean
annot_revocations_contains (AnnotRevocations *self, const char *jti, const char *account)
{
  return g_hash_table_contains (self->revoked, jti) || g_hash_table_contains (self->suspended, account);
}

/* At most once, best effort: the others read the store anyway. */
static void
publish (AnnotRevocations *self, GString *text)
{
  g_autoptr (GBytes) data = g_string_free_to_bytes (text);

  annot_state_publish (self->state, ANNOT_CHANNEL_REVOKED, data, NULL, NULL, NULL);
}

static void
announce_session (AnnotRevocations *self, const AnnotSession *session)
{
  GString *text = g_string_new ("{");

  add (self, session->jti, session->account, session->expires_at);
  annot_state_revoke (self->state, session->jti, session->expires_at, NULL, NULL, NULL);
  annot_json_append_name (text, "jti");
  annot_json_append_string (text, session->jti, -1);
  annot_json_append_name (text, "account");
  annot_json_append_string (text, session->account, -1);
  annot_json_append_name (text, "until");
  annot_json_append_int (text, session->expires_at);
  g_string_append_c (text, '}');
  publish (self, text);
}

static void
session_revoked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  AnnotRevocations *self = g_task_get_source_object (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) sessions = annot_store_revoke_sessions_finish (ANNOT_STORE (source), result, &error);
  guint i;

  if (!sessions) {
    g_task_return_error (task, g_steal_pointer (&error));
    return;
  }
  for (i = 0; i < sessions->len; i++)
    announce_session (self, g_ptr_array_index (sessions, i));
  g_task_return_boolean (task, TRUE);
}

void
annot_revocations_revoke (AnnotRevocations *self, const char *jti, GCancellable *cancellable,
                          GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, annot_revocations_revoke);
  annot_store_revoke_sessions (self->store, jti, NULL, NULL, session_revoked, task);
}

gboolean
annot_revocations_revoke_finish (AnnotRevocations *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
annot_revocations_announce_account (AnnotRevocations *self, const char *account, gboolean sessions)
{
  GString *text = g_string_new ("{");

  if (sessions)
    suspend (self, account);
  annot_json_append_name (text, "account");
  annot_json_append_string (text, account, -1);
  annot_json_append_name (text, "sessions");
  g_string_append (text, sessions ? "true" : "false");
  g_string_append_c (text, '}');
  publish (self, text);
}
