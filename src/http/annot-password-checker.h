/* SPDX-License-Identifier: Apache-2.0 */
/* Checks and hashes passwords in threads, few at a time: the work is costly on purpose. */
#pragma once

#include <annotationd/annotationd.h>

G_BEGIN_DECLS

/* So many wait at most; further ones are answered ANNOT_ERROR_TEMPORARY. */
#define ANNOT_PASSWORD_QUEUE 64

#define ANNOT_TYPE_PASSWORD_CHECKER (annot_password_checker_get_type ())
G_DECLARE_FINAL_TYPE (AnnotPasswordChecker, annot_password_checker, ANNOT, PASSWORD_CHECKER, GObject)

/* concurrency: threads at work at most. */
AnnotPasswordChecker *annot_password_checker_new (guint concurrency);
/* hash NULL costs the same and fails. Boolean: whether it is the right one. */
void annot_password_checker_verify (AnnotPasswordChecker *self, const char *password, const char *hash,
                                    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
gboolean annot_password_checker_verify_finish (AnnotPasswordChecker *self, GAsyncResult *result, GError **error);
/* Pointer: char *, crypt(5) string; INVALID. */
void annot_password_checker_hash (AnnotPasswordChecker *self, const char *password, GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer user_data);
char *annot_password_checker_hash_finish (AnnotPasswordChecker *self, GAsyncResult *result, GError **error);

G_END_DECLS
