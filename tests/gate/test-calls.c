/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The gate's table of calls, the list in docs/gate-calls.rst and the numbers of
 * libvirt's protocol say the same: no call is forgotten, none is misnamed.
 */
#include "config.h"

#include <string.h>

#include "gate/calls.h"

typedef struct {
  guint number;
  char *name;
  char *word; /* "xml", "start", "-"; or what the document says becomes of it */
} Row;

static void
row_free (gpointer data)
{
  Row *row = data;

  g_free (row->name);
  g_free (row->word);
  g_free (row);
}

/* lines that begin with @prefix and a number; @separator is between their words */
static GPtrArray *
read_rows (const char *variable, const char *prefix, const char *separator)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) lines = NULL;
  GPtrArray *rows = g_ptr_array_new_with_free_func (row_free);

  g_file_get_contents (g_getenv (variable), &text, NULL, &error);
  g_assert_no_error (error);
  lines = g_strsplit (text, "\n", -1);
  for (char **line = lines; *line != NULL; line++) {
    g_auto (GStrv) words = NULL;
    const char *at = *line + strlen (prefix);

    if (!g_str_has_prefix (*line, prefix) || !g_ascii_isdigit (*at))
      continue;
    words = g_strsplit (at, separator, 4);
    g_assert_cmpuint (g_strv_length (words), >=, 3);
    Row *row = g_new0 (Row, 1);
    row->number = (guint)g_ascii_strtoull (words[0], NULL, 10);
    row->name = g_strdup (words[1]);
    row->word = g_strdup (words[2]);
    g_ptr_array_add (rows, row);
  }
  return rows;
}

static const Row *
find_row (GPtrArray *rows, guint number)
{
  for (guint i = 0; i < rows->len; i++) {
    const Row *row = g_ptr_array_index (rows, i);

    if (row->number == number)
      return row;
  }
  return NULL;
}

static VapRpcHeader
call_of (guint32 procedure)
{
  return (VapRpcHeader){ VAP_RPC_HEADER_SIZE, VAP_RPC_REMOTE_PROGRAM,
                         VAP_RPC_REMOTE_VERSION, procedure, VAP_RPC_CALL, 1, 0 };
}

/* each procedure that carries XML or starts something is in the list, by its name */
static void
test_list_is_whole (void)
{
  g_autoptr (GPtrArray) known = read_rows ("VAP_TEST_PROCEDURES", "", " ");
  g_autoptr (GPtrArray) listed = read_rows ("VAP_TEST_LIST", "   ", ", ");

  g_assert_cmpuint (known->len, >=, 453);
  for (guint i = 0; i < known->len; i++) {
    const Row *row = g_ptr_array_index (known, i);
    const Row *entry = find_row (listed, row->number);

    g_assert_cmpuint (row->number, ==, i + 1);
    if (g_str_equal (row->word, "-")) {
      if (entry != NULL)
        g_assert_cmpstr (entry->word, ==, "released");
      continue;
    }
    g_test_message ("%u %s", row->number, row->name);
    g_assert_nonnull (entry);
    g_assert_cmpstr (entry->name, ==, row->name);
  }
}

/* what the list says becomes of a call is what the gate does */
static void
test_table_is_the_list (void)
{
  g_autoptr (GPtrArray) listed = read_rows ("VAP_TEST_LIST", "   ", ", ");

  g_assert_cmpuint (listed->len, >, 80);
  for (guint32 procedure = 0; procedure < 2000; procedure++) {
    VapRpcHeader header = call_of (procedure);
    const Row *entry = find_row (listed, procedure);
    gboolean wanted = entry != NULL && !g_str_equal (entry->word, "passes");

    g_test_message ("%u", procedure);
    g_assert_cmpint (vap_calls_wants (&header), ==, wanted);
    if (wanted)
      g_assert_cmpstr (vap_calls_name (procedure), ==, entry->name);
    else
      g_assert_null (vap_calls_name (procedure));
    if (entry != NULL && wanted)
      g_assert_true (g_str_equal (entry->word, "judged")
                     || g_str_equal (entry->word, "translated")
                     || g_str_equal (entry->word, "released"));
  }
}

/* replies, events, other programs and versions are never judged */
static void
test_only_calls (void)
{
  VapRpcHeader header = call_of (350);

  g_assert_true (vap_calls_wants (&header));
  header.type = VAP_RPC_CALL_WITH_FDS;
  g_assert_true (vap_calls_wants (&header));
  header.type = VAP_RPC_REPLY;
  g_assert_false (vap_calls_wants (&header));
  header.type = VAP_RPC_STREAM;
  g_assert_false (vap_calls_wants (&header));
  header = call_of (8);
  header.program++;
  g_assert_false (vap_calls_wants (&header));
  header = call_of (8);
  header.version++;
  g_assert_false (vap_calls_wants (&header));
}

/* A payload that ends too early, for every call and of every length, is refused with
 * an error of libvirt's form, and never asked about. */
static void
test_truncated (void)
{
  VapSeat seat = { "/no/such/root", "test:///default", 0, NULL };

  for (guint32 procedure = 1; procedure < 500; procedure++) {
    VapRpcHeader header = call_of (procedure);

    if (!vap_calls_wants (&header))
      continue;
    for (guint length = 0; length < 24; length += 3) {
      g_autofree guint8 *frame = g_malloc0 (VAP_RPC_HEADER_SIZE + length);
      VapAnswer answer = { 0 };

      /* a string that has more bytes than there are */
      memset (frame + VAP_RPC_HEADER_SIZE, 1, length);
      header.length = VAP_RPC_HEADER_SIZE + length;
      vap_rpc_header_write (&header, frame);
      vap_calls_judge (&header, frame, &answer, &seat);
      g_assert_nonnull (answer.reply);
      g_assert_null (answer.call);
      g_assert_cmpuint (vap_rpc_read_word (answer.reply + 24), ==, VAP_RPC_ERROR);
      g_free (answer.reply);
    }
  }
}

int
main (int argc, char **argv)
{
  g_setenv ("LC_ALL", "C", TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/gate/calls/list-is-whole", test_list_is_whole);
  g_test_add_func ("/gate/calls/table-is-the-list", test_table_is_the_list);
  g_test_add_func ("/gate/calls/only-calls", test_only_calls);
  g_test_add_func ("/gate/calls/truncated", test_truncated);
  return g_test_run ();
}
