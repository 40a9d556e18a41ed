/* SPDX-License-Identifier: Apache-2.0 */
/* Frames are decoded strictly and known by their bytes. */
#include "model/annot-frame.h"

#include <string.h>

static const guint8 png[] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0,    0, 0, 13, 'I', 'H', 'D',
                              'R',  0,   0,   2,   0x80, 0,    0,    1,    0xe0, 8, 2, 0,  0,   0 };
static const guint8 jpeg[] = { 0xff, 0xd8, 0xff, 0xe0, 0, 4, 1,    2, 0xff, 0xff, 0xdb, 0, 3, 0,
                               0xff, 0xc2, 0,    11,   8, 1, 0xe0, 2, 0x80, 3,    1,    1, 1 };

static GBytes *
decode (const char *text, AnnotFrameType *type)
{
  g_autofree char *exact = g_memdup2 (text, strlen (text));
  g_autoptr (GError) error = NULL;
  GBytes *frame = annot_frame_decode (exact, strlen (text), 1000, type, &error);

  if (!frame)
    g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_INVALID);
  return frame;
}

static void
assert_decodes (const char *text, const guint8 *data, gsize length)
{
  AnnotFrameType type = ANNOT_FRAME_NONE;
  g_autoptr (GBytes) frame = decode (text, &type);

  g_test_message ("%s", text);
  g_assert_nonnull (frame);
  g_assert_cmpint (type, ==, annot_frame_sniff (data, length));
  g_assert_cmpmem (g_bytes_get_data (frame, NULL), g_bytes_get_size (frame), data, length);
}

static void
test_decode (void)
{
  for (gsize length = 8; length <= sizeof png; length++) {
    g_autofree char *text = g_base64_encode (png, length);
    g_autofree char *url = g_strconcat ("data:image/png;base64,", text, NULL);
    g_autofree char *broken = g_strdup_printf ("%.4s\\n%.5s\\r\\n%s", text, text + 4, text + 9);

    assert_decodes (text, png, length);
    assert_decodes (url, png, length);
    assert_decodes (broken, png, length);
    g_strdelimit (text, "=", '\0');
    assert_decodes (text, png, length);
  }
}

/* "/" and "+" as encoders escape them. */
static void
test_escapes (void)
{
  g_autofree char *text = g_base64_encode (jpeg, sizeof jpeg);
  g_auto (GStrv) slashes = g_strsplit (text, "/", -1), pluses = NULL;
  g_autofree char *escaped = g_strjoinv ("\\/", slashes), *unicode = g_strjoinv ("\\u002F", slashes);

  g_assert_cmpuint (g_strv_length (slashes), >, 1);
  assert_decodes (escaped, jpeg, sizeof jpeg);
  assert_decodes (unicode, jpeg, sizeof jpeg);
}

static void
test_refuse (void)
{
  static const char *const cases[] = {
    "",
    "iVBORw0KGgo$",
    "iVBORw0KGgo==",
    "iVBORw0KGgo=A",
    "iVBORw0KGgoA=",
    "iVBORw0KG===",
    "iVBORw0KG",
    "iVBORw0KGgo=\\",
    "iVBORw0KGgo\\u",
    "iVBO Rw0KGgo=",
    "data:image/png,iVBORw0KGgo=",
    "data:image/png;base64iVBORw0KGgo=",
    "PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciLz4=",
    "R0lGODlhAQABAAAAACw=",
    "AAAA",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    AnnotFrameType type;

    g_test_message ("%s", cases[i]);
    g_assert_null (decode (cases[i], &type));
  }
}

static void
test_limit (void)
{
  guint8 data[1003] = { 0xff, 0xd8, 0xff };

  for (gsize length = 995; length <= sizeof data; length++) {
    g_autofree char *text = g_base64_encode (data, length);
    AnnotFrameType type;
    g_autoptr (GBytes) frame = decode (text, &type);

    g_assert_cmpint (frame != NULL, ==, length <= 1000);
  }
}

static void
assert_size (const guint8 *data, gsize length, guint expected_width, guint expected_height)
{
  g_autoptr (GBytes) frame = g_bytes_new (data, length);
  guint width, height;

  g_assert_true (annot_frame_get_size (frame, &width, &height));
  g_assert_cmpuint (width, ==, expected_width);
  g_assert_cmpuint (height, ==, expected_height);
  for (gsize i = 0; i < length; i++) {
    g_autofree guint8 *exact = g_memdup2 (data, i);
    g_autoptr (GBytes) cut = g_bytes_new_take (g_steal_pointer (&exact), i);

    annot_frame_get_size (cut, &width, &height);
  }
}

static void
test_size (void)
{
  static const guint8 lossy[] = "RIFF\x1a\0\0\0WEBPVP8 \x0e\0\0\0\x30\x01\0\x9d\x01\x2a\x80\x02\xe0\x01";
  static const guint8 lossless[] = "RIFF\x1a\0\0\0WEBPVP8L\x0e\0\0\0\x2f\x7f\xc2\x77\0\0\0\0\0\0";
  static const guint8 extended[] = "RIFF\x1a\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x7f\x02\0\xdf\x01\0";
  static const guint8 endless[] = { 0xff, 0xd8, 0xff, 0xe0, 0, 0, 0xff, 0xff };
  g_autoptr (GBytes) none = g_bytes_new (endless, sizeof endless);
  guint width, height;

  assert_size (png, sizeof png, 640, 480);
  assert_size (jpeg, sizeof jpeg, 640, 480);
  assert_size (lossy, sizeof lossy - 1, 640, 480);
  assert_size (lossless, sizeof lossless - 1, 640, 480);
  assert_size (extended, sizeof extended - 1, 640, 480);
  g_assert_false (annot_frame_get_size (none, &width, &height));
  g_assert_false (annot_frame_get_size (NULL, &width, &height));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/frame/decode", test_decode);
  g_test_add_func ("/frame/escapes", test_escapes);
  g_test_add_func ("/frame/refuse", test_refuse);
  g_test_add_func ("/frame/limit", test_limit);
  g_test_add_func ("/frame/size", test_size);
  return g_test_run ();
}
