/* SPDX-License-Identifier: Apache-2.0 */
/* The calls to a store about its database as a whole: its schema, and carrying its content elsewhere. */
#include "annot-store-private.h"

AnnotSchema *
annot_schema_new (const char *address)
{
  AnnotSchema *self = g_new0 (AnnotSchema, 1);

  self->address = g_strdup (address);
  self->pending = g_new0 (char *, 1);
  return self;
}

void
annot_schema_free (AnnotSchema *self)
{
  g_free (self->address);
  g_strfreev (self->pending);
  g_free (self);
}

void
annot_store_inspect (AnnotStore *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  gboolean offered = ANNOT_STORE_GET_CLASS (self)->inspect != NULL;
  g_autoptr (GTask) task
      = annot_store_begin_maintenance (self, offered, "inspect", annot_store_inspect, cancellable, callback, user_data);

  if (task)
    ANNOT_STORE_GET_CLASS (self)->inspect (self, g_object_ref (task));
}

AnnotSchema *
annot_store_inspect_finish (AnnotStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

void
annot_store_migrate (AnnotStore *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  gboolean offered = ANNOT_STORE_GET_CLASS (self)->migrate != NULL;
  g_autoptr (GTask) task
      = annot_store_begin_maintenance (self, offered, "migrate", annot_store_migrate, cancellable, callback, user_data);

  if (task)
    ANNOT_STORE_GET_CLASS (self)->migrate (self, g_object_ref (task));
}

int
annot_store_migrate_finish (AnnotStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), -1);

  return (int) g_task_propagate_int (G_TASK (result), error);
}

void
annot_store_dump (AnnotStore *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  gboolean offered = ANNOT_STORE_GET_CLASS (self)->dump != NULL;
  g_autoptr (GTask) task
      = annot_store_begin_maintenance (self, offered, "dump", annot_store_dump, cancellable, callback, user_data);

  if (task)
    ANNOT_STORE_GET_CLASS (self)->dump (self, g_object_ref (task));
}

GPtrArray *
annot_store_dump_finish (AnnotStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

void
annot_store_restore (AnnotStore *self, GPtrArray *records, GCancellable *cancellable, GAsyncReadyCallback callback,
                     gpointer user_data)
{
  gboolean offered = ANNOT_STORE_GET_CLASS (self)->restore != NULL;
  g_autoptr (GTask) task
      = annot_store_begin_maintenance (self, offered, "restore", annot_store_restore, cancellable, callback, user_data);

  if (task)
    ANNOT_STORE_GET_CLASS (self)->restore (
        self, annot_call_keep (task, g_ptr_array_ref (records), (GDestroyNotify) g_ptr_array_unref),
        g_object_ref (task));
}

gboolean
annot_store_restore_finish (AnnotStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
