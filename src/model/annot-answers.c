/* SPDX-License-Identifier: Apache-2.0 */
/* What backends answer: pages, statistics, positions, instances, health. */
#include <annotationd/annotationd.h>

AnnotHealth *
annot_health_new (gboolean healthy, JsonObject *details)
{
  AnnotHealth *self = g_new (AnnotHealth, 1);

  self->healthy = healthy;
  self->details = details ? details : json_object_new ();
  return self;
}

void
annot_health_free (AnnotHealth *self)
{
  json_object_unref (self->details);
  g_free (self);
}

void
annot_position_free (AnnotPosition *self)
{
  g_free (self->epoch);
  g_free (self);
}

static void
annotation_unref0 (AnnotAnnotation *annotation)
{
  if (annotation)
    annot_annotation_unref (annotation);
}

AnnotExamplePage *
annot_example_page_new (void)
{
  AnnotExamplePage *self = g_new0 (AnnotExamplePage, 1);

  self->examples = g_ptr_array_new_with_free_func ((GDestroyNotify) annot_example_unref);
  self->annotations = g_ptr_array_new_with_free_func ((GDestroyNotify) annotation_unref0);
  self->total = -1;
  return self;
}

void
annot_example_page_free (AnnotExamplePage *self)
{
  g_ptr_array_unref (self->examples);
  g_ptr_array_unref (self->annotations);
  g_free (self->next_cursor);
  g_free (self);
}

AnnotCount *
annot_count_new (const char *name, gint64 count)
{
  AnnotCount *self = g_new (AnnotCount, 1);

  self->name = g_strdup (name);
  self->count = count;
  return self;
}

void
annot_count_free (AnnotCount *self)
{
  g_free (self->name);
  g_free (self);
}

AnnotStats *
annot_stats_new (void)
{
  AnnotStats *self = g_new0 (AnnotStats, 1);

  self->by_label = g_ptr_array_new_with_free_func ((GDestroyNotify) annot_count_free);
  self->by_annotator = g_ptr_array_new_with_free_func ((GDestroyNotify) annot_count_free);
  self->by_hour = g_ptr_array_new_with_free_func ((GDestroyNotify) annot_count_free);
  return self;
}

void
annot_stats_free (AnnotStats *self)
{
  g_ptr_array_unref (self->by_label);
  g_ptr_array_unref (self->by_annotator);
  g_ptr_array_unref (self->by_hour);
  g_free (self);
}

void
annot_submit_result_free (AnnotSubmitResult *self)
{
  annot_annotation_unref (self->annotation);
  g_free (self);
}

AnnotInstance *
annot_instance_new (const char *id)
{
  AnnotInstance *self = g_new0 (AnnotInstance, 1);

  self->id = g_strdup (id);
  return self;
}

AnnotInstance *
annot_instance_copy (const AnnotInstance *self)
{
  AnnotInstance *copy = g_memdup2 (self, sizeof *self);

  copy->id = g_strdup (self->id);
  copy->host = g_strdup (self->host);
  copy->version = g_strdup (self->version);
  return copy;
}

void
annot_instance_free (AnnotInstance *self)
{
  g_free (self->id);
  g_free (self->host);
  g_free (self->version);
  g_free (self);
}

AnnotRetry *
annot_retry_new (const char *id, gint64 due_at)
{
  AnnotRetry *self = g_new (AnnotRetry, 1);

  self->id = g_strdup (id);
  self->due_at = due_at;
  return self;
}

void
annot_retry_free (AnnotRetry *self)
{
  g_free (self->id);
  g_free (self);
}
