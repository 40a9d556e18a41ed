/* SPDX-License-Identifier: Apache-2.0 */
/* What an example is: the columns the store keeps, and the rest of the document as the bytes that came. */
#pragma once

#if !defined(ANNOTATIOND_INSIDE) && !defined(ANNOTATIOND_COMPILATION)
#error "Include <annotationd/annotationd.h>"
#endif

#include <glib-object.h>

#include <annotationd/annot-macros.h>

G_BEGIN_DECLS

typedef enum {
  ANNOT_FRAME_NONE,
  ANNOT_FRAME_JPEG,
  ANNOT_FRAME_PNG,
  ANNOT_FRAME_WEBP,
} AnnotFrameType;

/* Returns: (transfer none): "image/jpeg" and so on; NULL for ANNOT_FRAME_NONE */
ANNOT_API const char *annot_frame_type_to_mime (AnnotFrameType type);

/**
 * AnnotExampleStatus:
 * @ANNOT_EXAMPLE_PENDING: waits for a person
 * @ANNOT_EXAMPLE_LEASED: is with a person, until the lease's deadline
 * @ANNOT_EXAMPLE_COMPLETED: has an annotation
 * @ANNOT_EXAMPLE_SKIPPED: was skipped as often as is allowed
 */
typedef enum {
  ANNOT_EXAMPLE_PENDING,
  ANNOT_EXAMPLE_LEASED,
  ANNOT_EXAMPLE_COMPLETED,
  ANNOT_EXAMPLE_SKIPPED,
} AnnotExampleStatus;

/* "pending", "leased", "completed", "skipped" */
ANNOT_API const char *annot_example_status_to_string (AnnotExampleStatus status);
ANNOT_API gboolean annot_example_status_from_string (const char *text, AnnotExampleStatus *status);

/**
 * AnnotExample:
 * @event_id: the producer's id, unique: `[A-Za-z0-9._:-]{1,255}`
 * @camera_id: where it came from
 * @timestamp: when it was taken, microseconds since 1970 UTC
 * @priority: larger is shown first
 * @payload: JSON object: every member that came but `detections` and `frame_data`, as the bytes that came
 * @detections: JSON array: the detections with boxes as {x1,y1,x2,y2}, unknown members kept
 * @labels: (array zero-terminated=1): the distinct class names of @detections, sorted; never %NULL
 * @face_hashes: (array zero-terminated=1): of `metadata.privacy.face_hashes`, lower-case hex; never %NULL
 * @frame: (nullable): the image; stores set it only when asked to
 * @frame_type: type of the stored image, %ANNOT_FRAME_NONE when there is none (even while @frame is not loaded)
 * @frame_sha256: (nullable): of the image, lower-case hex
 * @source_topic: (nullable): the topic it was consumed from; %NULL when it came by HTTP
 * @source_partition: its partition
 * @source_offset: its offset
 * @seq: gapless number in the store's epoch, 0 before it is stored
 * @status: where it stands
 * @received_at: when the store took it, microseconds since 1970 UTC
 * @revision: how many annotations it has had
 * @skips: how often it was skipped
 * @annotator: (nullable): who holds the lease, or finished it
 * @finished_at: when it was completed or skipped, microseconds since 1970 UTC, 0 when it is not
 * @leased_for: for how long @annotator has had the lease, microseconds by the store's clock, 0 without one; set by
 *  annot_store_get_example() alone
 *
 * Reference-counted, immutable once handed on; fields may be read directly. The members from @seq on are the store's.
 */
typedef struct {
  char *event_id;
  char *camera_id;
  gint64 timestamp;
  double priority;
  char *payload;
  char *detections;
  char **labels;
  char **face_hashes;
  GBytes *frame;
  AnnotFrameType frame_type;
  char *frame_sha256;
  char *source_topic;
  int source_partition;
  gint64 source_offset;

  gint64 seq;
  AnnotExampleStatus status;
  gint64 received_at;
  guint revision;
  guint skips;
  char *annotator;
  gint64 finished_at;
  gint64 leased_for;
} AnnotExample;

#define ANNOT_TYPE_EXAMPLE (annot_example_get_type ())
ANNOT_API GType annot_example_get_type (void);
/* Returns: (transfer full): an empty example (strings NULL, arrays empty) for a parser or a store to fill */
ANNOT_API AnnotExample *annot_example_new (void);
ANNOT_API AnnotExample *annot_example_ref (AnnotExample *self);
ANNOT_API void annot_example_unref (AnnotExample *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AnnotExample, annot_example_unref)

/**
 * AnnotExampleOrder:
 * @ANNOT_ORDER_PRIORITY: highest priority first, then lowest seq
 * @ANNOT_ORDER_NEWEST: highest seq first
 * @ANNOT_ORDER_OLDEST: lowest seq first
 */
typedef enum {
  ANNOT_ORDER_PRIORITY,
  ANNOT_ORDER_NEWEST,
  ANNOT_ORDER_OLDEST,
} AnnotExampleOrder;

/**
 * AnnotExampleQuery:
 * @order: order of the answer
 * @any_status: %TRUE: @status does not count
 * @status: only these
 * @camera_id: (nullable): only of this camera
 * @label: (nullable): only with a detection of this class
 * @text: (nullable): only where event id, camera id or payload contain this text (case as written)
 * @annotator: (nullable): only leased or finished by this account
 * @after_seq: only with a larger seq; 0 for all (what a page missed, or an export, reads on from here)
 * @finished_after: only finished at or after this time, microseconds; 0 for all
 * @finished_before: only finished before this time, microseconds; 0 for all
 * @cursor: (nullable): `next_cursor` of the page before; opaque, made by the store for the same query
 * @offset: rows to leave out, for numbered pages; 0 with a cursor
 * @limit: at most this many rows, 1 … 1000
 * @with_total: count all that match, too
 * @with_annotation: fill the page's `annotations`
 * @with_frame: load the frames
 */
typedef struct {
  AnnotExampleOrder order;
  gboolean any_status;
  AnnotExampleStatus status;
  const char *camera_id;
  const char *label;
  const char *text;
  const char *annotator;
  gint64 after_seq;
  gint64 finished_after;
  gint64 finished_before;
  const char *cursor;
  guint64 offset;
  guint limit;
  gboolean with_total;
  gboolean with_annotation;
  gboolean with_frame;
} AnnotExampleQuery;

G_END_DECLS
