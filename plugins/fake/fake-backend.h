/* SPDX-License-Identifier: Apache-2.0 */
/* What the fakes share: a real backend behind, a script before it, and calls on their way between the two. */
#pragma once

#include "fake-script.h"

G_BEGIN_DECLS

typedef struct FakeBackend FakeBackend;
typedef struct FakeCall FakeCall;

/* How the real backend's answer is passed on. */
typedef enum {
  FAKE_BOOLEAN,
  FAKE_INT,
  FAKE_POINTER,
} FakeKind;

/* Makes the call on the real backend, with fake_call_done as callback and the call as its user_data. */
typedef void (*FakeForward) (FakeCall *call);

/**
 * FakeCall:
 * @real: (transfer none): the backend to call
 * @arguments: (transfer none): a struct of the method's arguments
 * @cancellable: (nullable): of the caller
 */
struct FakeCall {
  gpointer real;
  gpointer arguments;
  GCancellable *cancellable;

  /*< private >*/
  FakeBackend *backend;
  GTask *task;
  FakeForward forward;
  FakeKind kind;
  GDestroyNotify free_value;
  FakeVerdict verdict;
};

/* Reads `backend`, `plugin-dir` and `script` of the group. */
FakeBackend *fake_backend_new (AnnotPluginClass plugin_class, const char *group, AnnotConfig *config,
                               FakeEventFunc func, gpointer user_data, GError **error);
void fake_backend_free (FakeBackend *self);
/* Returns: (transfer none): the real one, configured */
gpointer fake_backend_get_real (FakeBackend *self);
FakeScript *fake_backend_get_script (FakeBackend *self);
/* Answers all calls that hang: not connected. */
void fake_backend_release (FakeBackend *self);

/* Lets a call through as the script says. @real: NULL for the backend's own. (transfer full) task. */
void fake_call_start (FakeBackend *backend, gpointer real, const char *method, GTask *task, FakeKind kind,
                      GDestroyNotify free_value, FakeForward forward, gconstpointer arguments, gsize size);
void fake_call_done (GObject *source, GAsyncResult *result, gpointer user_data);

/* The class's method and its way on, by the number of arguments. */
#define FAKE_METHOD_0(Class, class, name, kind, free_value)                                                            \
  static void name##_forward (FakeCall *call)                                                                          \
  {                                                                                                                    \
    annot_##class##_##name (call->real, call->cancellable, fake_call_done, call);                                      \
  }                                                                                                                    \
  static void fake_##class##_##name (Class *self, GTask *task)                                                         \
  {                                                                                                                    \
    fake_call_start (backend_of (self), NULL, #name, task, kind, (GDestroyNotify) (free_value), name##_forward, "",    \
                     1);                                                                                               \
  }
#define FAKE_METHOD_1(Class, class, name, kind, free_value, A)                                                         \
  typedef struct {                                                                                                     \
    A a;                                                                                                               \
  } name##_arguments;                                                                                                  \
  static void name##_forward (FakeCall *call)                                                                          \
  {                                                                                                                    \
    const name##_arguments *x = call->arguments;                                                                       \
    annot_##class##_##name (call->real, x->a, call->cancellable, fake_call_done, call);                                \
  }                                                                                                                    \
  static void fake_##class##_##name (Class *self, A a, GTask *task)                                                    \
  {                                                                                                                    \
    name##_arguments x = { a };                                                                                        \
    fake_call_start (backend_of (self), NULL, #name, task, kind, (GDestroyNotify) (free_value), name##_forward, &x,    \
                     sizeof x);                                                                                        \
  }
#define FAKE_METHOD_2(Class, class, name, kind, free_value, A, B)                                                      \
  typedef struct {                                                                                                     \
    A a;                                                                                                               \
    B b;                                                                                                               \
  } name##_arguments;                                                                                                  \
  static void name##_forward (FakeCall *call)                                                                          \
  {                                                                                                                    \
    const name##_arguments *x = call->arguments;                                                                       \
    annot_##class##_##name (call->real, x->a, x->b, call->cancellable, fake_call_done, call);                          \
  }                                                                                                                    \
  static void fake_##class##_##name (Class *self, A a, B b, GTask *task)                                               \
  {                                                                                                                    \
    name##_arguments x = { a, b };                                                                                     \
    fake_call_start (backend_of (self), NULL, #name, task, kind, (GDestroyNotify) (free_value), name##_forward, &x,    \
                     sizeof x);                                                                                        \
  }
#define FAKE_METHOD_3(Class, class, name, kind, free_value, A, B, C)                                                   \
  typedef struct {                                                                                                     \
    A a;                                                                                                               \
    B b;                                                                                                               \
    C c;                                                                                                               \
  } name##_arguments;                                                                                                  \
  static void name##_forward (FakeCall *call)                                                                          \
  {                                                                                                                    \
    const name##_arguments *x = call->arguments;                                                                       \
    annot_##class##_##name (call->real, x->a, x->b, x->c, call->cancellable, fake_call_done, call);                    \
  }                                                                                                                    \
  static void fake_##class##_##name (Class *self, A a, B b, C c, GTask *task)                                          \
  {                                                                                                                    \
    name##_arguments x = { a, b, c };                                                                                  \
    fake_call_start (backend_of (self), NULL, #name, task, kind, (GDestroyNotify) (free_value), name##_forward, &x,    \
                     sizeof x);                                                                                        \
  }

G_END_DECLS
