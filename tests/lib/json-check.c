/* SPDX-License-Identifier: Apache-2.0 */
/* Reads documents from standard input, each behind its length in four bytes (little endian), and answers each with a
 * line: y or n; with --example also the rewritten example (behind y and a space). For tests that compare with other
 * parsers. */
#include <stdio.h>
#include <string.h>

#include "model/annot-example-json.h"
#include "model/annot-json-reader.h"

#define DEPTH 512

static void
answer_example (const char *data, gsize length)
{
  AnnotLimits limits = ANNOT_LIMITS_DEFAULT;
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) out = g_string_new (NULL);
  g_autoptr (AnnotExample) example = annot_example_parse (data, length, &limits, &error);

  if (example) {
    annot_example_append_original (out, example, TRUE);
    g_string_replace (out, "\n", " ", 0);
  }
  printf ("%s %s\n", example ? "y" : "n", example ? out->str : error->message);
}

int
main (int argc, char **argv)
{
  gboolean examples = argc > 1 && strcmp (argv[1], "--example") == 0;
  guint8 head[4];

  while (fread (head, 1, sizeof head, stdin) == sizeof head) {
    gsize length = head[0] | (gsize) head[1] << 8 | (gsize) head[2] << 16 | (gsize) head[3] << 24;
    /* Exactly as long as the document, so that a sanitizer sees a byte read too far. */
    g_autofree char *data = g_malloc (MAX (length, 1));

    if (fread (data, 1, length, stdin) != length)
      return 1;
    if (examples)
      answer_example (data, length);
    else
      puts (annot_json_validate (data, length, DEPTH, NULL) ? "y" : "n");
    fflush (stdout);
  }
  return 0;
}
