/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt's wire format: frames, the arguments of the calls that carry XML, the
 * replies, against bytes written by hand from the .x files; and hostile input.
 */
#include "config.h"

#include <string.h>

#include "rpc/args.h"
#include "rpc/open.h"
#include "rpc/reply.h"

#define BYTES(text) ((const guint8 *) (text))

#define GUEST                                                                            \
  "\0\0\0\x04web1\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f"       \
  "\xff\xff\xff\xff"
#define XML "\0\0\0\x05<dom>\0\0\0"
#define FLAGS "\0\0\0\x12"
#define NOTHING "\0\0\0\0"
#define THERE "\0\0\0\x01"
#define NAME "\0\0\0\x03one\0"
#define HYPER "\0\0\0\0\0\0\0\x07"
#define COOKIE "\0\0\0\x02" "ab\0\0"
/* bandwidth (unsigned hyper), uri (string), a flag (int) */
#define PARAM_BANDWIDTH "\0\0\0\x09" "bandwidth\0\0\0" "\0\0\0\x04" HYPER
#define PARAM_URI "\0\0\0\x03uri\0" "\0\0\0\x07" NAME
#define PARAM_INT "\0\0\0\x04post" "\0\0\0\x01" FLAGS
#define PARAM_XML "\0\0\0\x0f" "destination_xml\0" "\0\0\0\x07" XML
#define PARAM_DXML "\0\0\0\x04" "dxml" "\0\0\0\x07" XML

/* A payload of every shape that the gate knows, as XDR writes it: big-endian words,
 * strings padded to a multiple of four. */
#define ROW(shape, xml, bytes) { shape, xml, bytes, sizeof (bytes) - 1 }
static const struct {
  VapRpcShape shape;
  gboolean has_xml;
  const char *bytes;
  gsize length;
} payloads[] = {
  ROW ("x", TRUE, XML),
  ROW ("xu", TRUE, XML FLAGS),
  ROW ("d", FALSE, GUEST),
  ROW ("du", FALSE, GUEST FLAGS),
  ROW ("dx", TRUE, GUEST XML),
  ROW ("dxu", TRUE, GUEST XML FLAGS),
  ROW ("nu", FALSE, NAME FLAGS),
  ROW ("nxu", TRUE, NAME XML FLAGS),
  ROW ("ndu", FALSE, NAME GUEST FLAGS),
  ROW ("sxu", TRUE, NAME XML FLAGS),
  ROW ("sXu", TRUE, NAME THERE XML FLAGS),
  ROW ("sXu", FALSE, NAME NOTHING FLAGS),
  ROW ("dXu", TRUE, GUEST THERE XML FLAGS),
  ROW ("dsXu", TRUE, GUEST NAME THERE XML FLAGS),
  ROW ("dXhSh", TRUE, GUEST THERE XML HYPER NOTHING HYPER),
  ROW ("dXhSh", FALSE, GUEST NOTHING HYPER THERE NAME HYPER),
  ROW ("dXoSShSh", TRUE, GUEST THERE XML COOKIE NOTHING THERE NAME HYPER NOTHING HYPER),
  ROW ("ShShx", TRUE, THERE NAME HYPER NOTHING HYPER XML),
  ROW ("hShx", TRUE, HYPER NOTHING HYPER XML),
  ROW ("oShShx", TRUE, COOKIE NOTHING HYPER THERE NAME HYPER XML),
  ROW ("ohShx", TRUE, COOKIE HYPER NOTHING HYPER XML),
  ROW ("pu", TRUE, "\0\0\0\x02" PARAM_URI PARAM_DXML FLAGS),
  ROW ("pu", FALSE, NOTHING FLAGS),
  ROW ("dpu", TRUE, GUEST "\0\0\0\x03" PARAM_BANDWIDTH PARAM_XML PARAM_INT FLAGS),
  ROW ("dpu", FALSE, GUEST "\0\0\0\x02" PARAM_BANDWIDTH PARAM_URI FLAGS),
  ROW ("pou", TRUE, "\0\0\0\x01" PARAM_XML COOKIE FLAGS),
  ROW ("dSpou", TRUE, GUEST NOTHING "\0\0\0\x01" PARAM_XML COOKIE FLAGS),
};
#undef ROW

static gboolean
decodes (VapRpcShape shape, const void *bytes, gsize length)
{
  /* a block of exactly this size, so that a sanitizer sees each byte too many */
  g_autofree guint8 *exact = g_memdup2 (bytes, length);
  g_auto (VapRpcArgs) args = { 0 };

  return vap_rpc_args_decode (shape, exact, length, &args);
}

static void
test_header (void)
{
  const VapRpcHeader header = { 0x01020304, 0x20008086, 1, 350, VAP_RPC_CALL, 7, 0 };
  const guint8 expected[VAP_RPC_HEADER_SIZE] = { 1, 2, 3, 4, 0x20, 0, 0x80, 0x86, 0, 0,
                                                 0, 1, 0, 0, 1,    0x5e };
  guint8 bytes[VAP_RPC_HEADER_SIZE];
  VapRpcHeader again;

  vap_rpc_header_write (&header, bytes);
  g_assert_cmpmem (bytes, 20, expected, 20);
  g_assert_cmpint (bytes[23], ==, 7);
  vap_rpc_header_read (bytes, &again);
  g_assert_cmpmem (&again, sizeof again, &header, sizeof header);
  g_assert_true (vap_rpc_header_is_call (&again, 350));
  g_assert_false (vap_rpc_header_is_call (&again, 11));

  again.version = 2;
  g_assert_false (vap_rpc_header_is_call (&again, 350));
  again.version = 1;
  again.program = 0x20008087; /* QEMU's */
  g_assert_false (vap_rpc_header_is_call (&again, 350));
  again.program = VAP_RPC_REMOTE_PROGRAM;
  again.type = VAP_RPC_REPLY;
  g_assert_false (vap_rpc_header_is_call (&again, 350));
  again.type = VAP_RPC_CALL_WITH_FDS;
  g_assert_true (vap_rpc_header_is_call (&again, 350));
}

static void
test_lengths (void)
{
  const guint32 bad[] = { 0, 3, 4, 27, 33554437, 0x7fffffff, 0x80000000, 0xffffffff };
  const guint32 good[] = { 28, 32, 1000, 33554436 };
  VapRpcHeader header = { .type = VAP_RPC_CALL };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
    header.length = bad[i];
    g_assert_false (vap_rpc_length_is_sound (bad[i]));
    g_assert_false (vap_rpc_header_is_sound (&header));
  }
  for (gsize i = 0; i < G_N_ELEMENTS (good); i++) {
    header.length = good[i];
    g_assert_true (vap_rpc_header_is_sound (&header));
  }
  header.length = 28;
  header.type = VAP_RPC_REPLY_WITH_FDS;
  g_assert_false (vap_rpc_header_is_sound (&header));
  header.length = 32;
  g_assert_true (vap_rpc_header_is_sound (&header));
}

static void
test_args (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (payloads); i++) {
    VapRpcShape shape = payloads[i].shape;
    g_auto (VapRpcArgs) args = { 0 };

    g_test_message ("%s", shape);
    g_assert_true (vap_rpc_args_decode (shape, BYTES (payloads[i].bytes),
                                        payloads[i].length, &args));
    g_assert_cmpstr (args.xml, ==, payloads[i].has_xml ? "<dom>" : NULL);
    g_assert_cmpint (args.flags, ==, strchr (shape, 'u') ? 0x12 : 0);
    g_assert_cmpstr (args.name, ==, strchr (shape, 'n') ? "one" : NULL);
    g_assert_cmpstr (args.guest_name, ==, strchr (shape, 'd') ? "web1" : NULL);
    if (strchr (shape, 'd')) {
      g_assert_cmpint (args.guest_uuid[0], ==, 0x10);
      g_assert_cmpint (args.guest_uuid[15], ==, 0x1f);
      g_assert_cmpint (args.guest_id, ==, -1);
    }
    if (payloads[i].has_xml)
      g_assert_cmpmem (payloads[i].bytes + args.xml_start, args.xml_end - args.xml_start,
                       XML, sizeof XML - 1);
  }
}

/* What the daemon could understand in two ways, or not at all. */
static void
test_params (void)
{
  static const char twice[] = "\0\0\0\x02" PARAM_XML PARAM_DXML FLAGS;
  static const char no_string[]
      = "\0\0\0\x01" "\0\0\0\x04" "dxml" "\0\0\0\x04" HYPER FLAGS;
  static const char no_type[] = "\0\0\0\x01" "\0\0\0\x03uri\0" "\0\0\0\x08" NAME FLAGS;
  static const char many[] = "\xff\xff\xff\xff" PARAM_URI FLAGS;
  g_auto (VapRpcArgs) args = { 0 };

  g_assert_false (decodes ("pu", twice, sizeof twice - 1));
  g_assert_false (decodes ("pu", no_type, sizeof no_type - 1));
  g_assert_false (decodes ("pu", many, sizeof many - 1));
  /* libvirt refuses it; it is no XML to us */
  g_assert_true (vap_rpc_args_decode ("pu", BYTES (no_string), sizeof no_string - 1,
                                      &args));
  g_assert_null (args.xml);
}

/* the daemon's C string ends at the first NUL, so ours must */
static void
test_nul_in_string (void)
{
  static const char bytes[] = "\0\0\0\x07<a/>\0xy\0";
  g_auto (VapRpcArgs) args = { 0 };

  g_assert_true (vap_rpc_args_decode ("x", BYTES (bytes), sizeof bytes - 1, &args));
  g_assert_cmpstr (args.xml, ==, "<a/>");
}

static void
test_args_truncated (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (payloads); i++)
    for (gsize length = 0; length < payloads[i].length; length++)
      g_assert_false (decodes (payloads[i].shape, payloads[i].bytes, length));
}

static void
test_args_trailing (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (payloads); i++)
    for (gsize more = 1; more <= 5; more++) {
      g_autofree guint8 *longer = g_malloc0 (payloads[i].length + more);

      memcpy (longer, payloads[i].bytes, payloads[i].length);
      g_assert_false (decodes (payloads[i].shape, longer, payloads[i].length + more));
    }
}

/* The length word of the first string says each of these, with nothing behind. */
static void
test_args_lying (void)
{
  const guint32 lies[] = { 9,
                           100,
                           VAP_RPC_STRING_MAX,
                           VAP_RPC_STRING_MAX + 1,
                           0x7fffffff,
                           0x80000000,
                           0xfffffffc,
                           0xffffffff };

  for (gsize i = 0; i < G_N_ELEMENTS (payloads); i++)
    for (gsize lie = 0; lie < G_N_ELEMENTS (lies); lie++) {
      g_autofree guint8 *bytes = g_memdup2 (payloads[i].bytes, payloads[i].length);

      /* the length word of the first string or opaque bytes, if the shape begins so */
      if (strchr ("hXSp", payloads[i].shape[0]) != NULL)
        continue;
      vap_rpc_write_word (bytes, lies[lie]);
      g_assert_false (decodes (payloads[i].shape, bytes, payloads[i].length));
    }
}

static void
test_string_limit (void)
{
  gsize length = VAP_RPC_STRING_MAX;
  g_autofree guint8 *bytes = g_malloc0 (length + 12);

  memset (bytes + 4, 'x', length + 4);
  vap_rpc_write_word (bytes, (guint32) length);
  g_assert_true (decodes ("x", bytes, length + 4));
  vap_rpc_write_word (bytes, (guint32) length + 1);
  g_assert_false (decodes ("x", bytes, length + 8));
}

/* The XML is replaced by one of every length of padding; all else is as it was. */
static void
test_replace (void)
{
  static const char *const texts[] = { "", "<a/>", "<ab/>", "<abc/>", "<abcd/>", "<dom>" };
  const char head[VAP_RPC_HEADER_SIZE + 1] = "....0123456789abcdefghijklmn";

  for (gsize i = 0; i < G_N_ELEMENTS (payloads) * G_N_ELEMENTS (texts); i++) {
    const char *text = texts[i % G_N_ELEMENTS (texts)];
    gsize row = i / G_N_ELEMENTS (texts);
    gsize length, payload = payloads[row].length;
    g_auto (VapRpcArgs) args = { 0 };
    g_auto (VapRpcArgs) again = { 0 };
    g_autofree guint8 *whole = g_malloc (VAP_RPC_HEADER_SIZE + payload);

    if (!payloads[row].has_xml)
      continue;
    memcpy (whole, head, VAP_RPC_HEADER_SIZE);
    memcpy (whole + VAP_RPC_HEADER_SIZE, payloads[row].bytes, payload);
    g_assert_true (vap_rpc_args_decode (payloads[row].shape, whole + VAP_RPC_HEADER_SIZE,
                                        payload, &args));
    g_autofree guint8 *frame
        = vap_rpc_args_replace_xml (whole, VAP_RPC_HEADER_SIZE + payload,
                                    VAP_RPC_HEADER_SIZE, &args, text, &length);
    g_assert_nonnull (frame);
    g_assert_cmpint (vap_rpc_read_word (frame), ==, length);
    g_assert_cmpint (length % 4, ==, 0);
    g_assert_cmpmem (frame + 4, VAP_RPC_HEADER_SIZE - 4, head + 4,
                     VAP_RPC_HEADER_SIZE - 4);
    g_assert_true (vap_rpc_args_decode (payloads[row].shape, frame + VAP_RPC_HEADER_SIZE,
                                        length - VAP_RPC_HEADER_SIZE, &again));
    g_assert_cmpstr (again.xml, ==, text);
    g_assert_cmpstr (again.guest_name, ==, args.guest_name);
    g_assert_cmpint (again.flags, ==, args.flags);
    if (g_str_equal (text, "<dom>"))
      g_assert_cmpmem (frame + 4, length - 4, whole + 4, VAP_RPC_HEADER_SIZE + payload - 4);
  }
}

static void
test_replace_too_long (void)
{
  static const guint8 frame[VAP_RPC_HEADER_SIZE + 12] = { 0 };
  const VapRpcArgs args = { .xml_start = 0, .xml_end = 8 };
  g_autofree char *text = g_strnfill (VAP_RPC_STRING_MAX + 1, 'x');
  gsize length;

  g_assert_null (vap_rpc_args_replace_xml (frame, sizeof frame, VAP_RPC_HEADER_SIZE,
                                           &args, text, &length));
}

static void
test_error_reply (void)
{
  const VapRpcHeader call = { 99, VAP_RPC_REMOTE_PROGRAM, 1, 11, VAP_RPC_CALL_WITH_FDS,
                              4711, 0 };
  const VapRpcError error = { 67, 20, 2, "no!" };
  /* virNetMessageError: code, domain, message, level, no domain, no str1 to str3,
   * int1, int2, no network */
  const char expected[] = "\0\0\0\x43\0\0\0\x14\0\0\0\x01\0\0\0\x03no!\0\0\0\0\x02"
                          "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                          "\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0";
  VapRpcHeader header;
  gsize length;
  g_autofree guint8 *frame = vap_rpc_error_reply (&call, &error, &length);

  vap_rpc_header_read (frame, &header);
  g_assert_cmpint (header.length, ==, length);
  g_assert_cmpint (header.procedure, ==, 11);
  g_assert_cmpint (header.type, ==, VAP_RPC_REPLY);
  g_assert_cmpint (header.serial, ==, 4711);
  g_assert_cmpint (header.status, ==, VAP_RPC_ERROR);
  g_assert_cmpmem (frame + VAP_RPC_HEADER_SIZE, length - VAP_RPC_HEADER_SIZE, expected,
                   sizeof expected);
}

/* A message of any length gives a frame; the cut is between two characters. */
static void
test_error_reply_long (void)
{
  const VapRpcHeader call = { 0 };

  for (gsize prefix = 0; prefix < 4; prefix++) {
    g_autoptr (GString) text = g_string_new (NULL);
    gsize length;

    for (gsize i = 0; i < prefix; i++)
      g_string_append_c (text, 'x');
    while (text->len < 2 * VAP_RPC_MESSAGE_MAX)
      g_string_append (text, "\xe2\x82\xac"); /* the euro sign */
    const VapRpcError error = { 1, 1, 2, text->str };
    g_autofree guint8 *frame = vap_rpc_error_reply (&call, &error, &length);

    const guint8 *message = frame + VAP_RPC_HEADER_SIZE + 12;
    guint32 message_length = vap_rpc_read_word (message);
    g_assert_cmpint (message_length, <=, VAP_RPC_MESSAGE_MAX);
    g_assert_cmpint (message_length, >, VAP_RPC_MESSAGE_MAX - 4);
    g_assert_true (g_utf8_validate ((const char *) message + 4, message_length, NULL));
  }
}

static void
test_open (void)
{
  const char named[] = "\0\0\0\x01\0\0\0\x0eqemu:///system\0\0\0\0\0\x01";
  const char unnamed[] = "\0\0\0\0\0\0\0\0";
  g_auto (VapRpcOpen) open = { 0 };
  g_auto (VapRpcOpen) other = { 0 };

  g_assert_true (vap_rpc_open_decode (BYTES (named), sizeof named - 1, &open));
  g_assert_cmpstr (open.uri, ==, "qemu:///system");
  g_assert_cmpint (open.flags, ==, VAP_RPC_OPEN_READ_ONLY);
  g_assert_true (vap_rpc_open_decode (BYTES (unnamed), sizeof unnamed - 1, &other));
  g_assert_null (other.uri);

  for (gsize length = 0; length < sizeof named - 1; length++) {
    g_autofree guint8 *exact = g_memdup2 (named, length);
    g_auto (VapRpcOpen) part = { 0 };

    g_assert_false (vap_rpc_open_decode (exact, length, &part));
  }
  g_auto (VapRpcOpen) more = { 0 };
  g_assert_false (vap_rpc_open_decode (BYTES (named), sizeof named, &more));
}

static void
test_auth_list (void)
{
  const char none[] = "\0\0\0\0";
  const char polkit[] = "\0\0\0\x02\0\0\0\x02\0\0\0\x01";
  const char lying[] = "\xff\xff\xff\xff\0\0\0\x02";
  guint32 type = 77;

  g_assert_true (vap_rpc_auth_list_decode (BYTES (none), 4, &type));
  g_assert_cmpint (type, ==, VAP_RPC_AUTH_NONE);
  g_assert_true (vap_rpc_auth_list_decode (BYTES (polkit), 12, &type));
  g_assert_cmpint (type, ==, VAP_RPC_AUTH_POLKIT);
  g_assert_false (vap_rpc_auth_list_decode (BYTES (lying), 8, &type));
  for (gsize length = 0; length < 12; length++)
    g_assert_false (vap_rpc_auth_list_decode (BYTES (polkit), length, &type));
}

static void
test_random (void)
{
  for (guint round = 0; round < 50000; round++) {
    guint8 bytes[64];
    gsize length = (gsize) g_test_rand_int_range (0, sizeof bytes);

    for (gsize i = 0; i < length; i++)
      /* mostly zeros: so lengths are small, and decoding gets somewhere */
      bytes[i] = g_test_rand_int_range (0, 3) ? 0 : (guint8) g_test_rand_int ();

    VapRpcShape shape
        = payloads[g_test_rand_int_range (0, G_N_ELEMENTS (payloads))].shape;
    g_auto (VapRpcArgs) args = { 0 };
    if (!vap_rpc_args_decode (shape, bytes, length, &args) || args.xml == NULL)
      continue;
    g_assert_cmpint (strlen (args.xml), <, length);
    g_assert_cmpint (args.xml_end, <=, length);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/rpc/header", test_header);
  g_test_add_func ("/rpc/lengths", test_lengths);
  g_test_add_func ("/rpc/args", test_args);
  g_test_add_func ("/rpc/args/truncated", test_args_truncated);
  g_test_add_func ("/rpc/args/trailing", test_args_trailing);
  g_test_add_func ("/rpc/args/lying", test_args_lying);
  g_test_add_func ("/rpc/args/string-limit", test_string_limit);
  g_test_add_func ("/rpc/args/random", test_random);
  g_test_add_func ("/rpc/args/params", test_params);
  g_test_add_func ("/rpc/args/nul-in-string", test_nul_in_string);
  g_test_add_func ("/rpc/replace", test_replace);
  g_test_add_func ("/rpc/replace/too-long", test_replace_too_long);
  g_test_add_func ("/rpc/error-reply", test_error_reply);
  g_test_add_func ("/rpc/error-reply/long", test_error_reply_long);
  g_test_add_func ("/rpc/open", test_open);
  g_test_add_func ("/rpc/auth-list", test_auth_list);
  return g_test_run ();
}
