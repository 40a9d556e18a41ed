/* SPDX-License-Identifier: Apache-2.0 */
/* Reads replies, and says what an error reply means to the caller. */
#pragma once

#include <annotationd/annotationd.h>
#include <hiredis.h>

G_BEGIN_DECLS

/**
 * redis_reply_error_from_text:
 * @text: (array length=length): an error reply, without its leading `-`
 * @length: bytes
 *
 * Returns: (transfer full): the error, whose code says what to do, with the remedy
 */
GError *redis_reply_error_from_text (const char *text, gsize length);
/* Whether the reply is not an error; else error says what. */
gboolean redis_reply_check (const redisReply *reply, GError **error);
/* The same of a reply to AUTH. A server may repeat what it was sent: only words that are known here are passed on. */
gboolean redis_reply_check_account (const redisReply *reply, GError **error);
/* Whether it is an error reply that begins with that word. */
gboolean redis_reply_is_error (const redisReply *reply, const char *word);
/* Whether another server than this one should be used: it has become a replica. */
gboolean redis_reply_is_read_only (const redisReply *reply);
/* Whether it is an array whose element is that text, in any case. */
gboolean redis_reply_element_is (const redisReply *reply, gsize index, const char *text);
/* Returns: (transfer none) (nullable): an element of an array */
const redisReply *redis_reply_element (const redisReply *reply, gsize index);
/* Returns: (transfer full) (nullable): the text of an element; NULL when it is not UTF-8 text */
char *redis_reply_text (const redisReply *reply, gsize index);
/* A whole number, given as such or as text; 0 when it is neither. */
gint64 redis_reply_number (const redisReply *reply, gsize index);
/* The error for a reply of a shape that no Redis gives. */
GError *redis_reply_unexpected (const char *what);

G_END_DECLS
