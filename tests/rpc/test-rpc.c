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

/* A payload of every shape, as XDR writes it: big-endian words, strings padded to
 * a multiple of four. */
static const struct {
  VapRpcShape shape;
  const char *bytes;
  gsize length;
} payloads[] = {
  { VAP_RPC_ARGS_XML, "\0\0\0\x05<dom>\0\0\0", 12 },
  { VAP_RPC_ARGS_FLAGS, "\0\0\0\x05<dom>\0\0\0\0\0\0\x12", 16 },
  { VAP_RPC_ARGS_DOMAIN,
    "\0\0\0\x04web1\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f"
    "\xff\xff\xff\xff\0\0\0\x05<dom>\0\0",
    40 },
  { VAP_RPC_ARGS_DOMAIN | VAP_RPC_ARGS_FLAGS,
    "\0\0\0\x04web1\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f"
    "\xff\xff\xff\xff\0\0\0\x05<dom>\0\0\0\0\0\0\x12",
    44 },
};

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

    g_assert_true (vap_rpc_args_decode (shape, BYTES (payloads[i].bytes),
                                        payloads[i].length, &args));
    g_assert_cmpstr (args.xml, ==, "<dom>");
    g_assert_cmpint (args.flags, ==, shape & VAP_RPC_ARGS_FLAGS ? 0x12 : 0);
    if (shape & VAP_RPC_ARGS_DOMAIN) {
      g_assert_cmpstr (args.guest_name, ==, "web1");
      g_assert_cmpint (args.guest_uuid[0], ==, 0x10);
      g_assert_cmpint (args.guest_uuid[15], ==, 0x1f);
      g_assert_cmpint (args.guest_id, ==, -1);
    }
  }
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
  g_assert_true (decodes (VAP_RPC_ARGS_XML, bytes, length + 4));
  vap_rpc_write_word (bytes, (guint32) length + 1);
  g_assert_false (decodes (VAP_RPC_ARGS_XML, bytes, length + 8));
}

static void
test_encode (void)
{
  const char head[VAP_RPC_HEADER_SIZE] = "....0123456789abcdefghijklmn";

  for (gsize i = 0; i < G_N_ELEMENTS (payloads); i++) {
    g_auto (VapRpcArgs) args = { 0 };
    gsize length;

    g_assert_true (vap_rpc_args_decode (payloads[i].shape, BYTES (payloads[i].bytes),
                                        payloads[i].length, &args));
    g_autofree guint8 *frame = vap_rpc_args_encode (BYTES (head), sizeof head,
                                                    payloads[i].shape, &args, &length);
    g_assert_nonnull (frame);
    g_assert_cmpint (vap_rpc_read_word (frame), ==, length);
    g_assert_cmpmem (frame + 4, sizeof head - 4, head + 4, sizeof head - 4);
    g_assert_cmpmem (frame + sizeof head, length - sizeof head, payloads[i].bytes,
                     payloads[i].length);
  }
}

static void
test_encode_too_long (void)
{
  const guint8 head[VAP_RPC_HEADER_SIZE] = { 0 };
  g_auto (VapRpcArgs) args = { .xml = g_strnfill (VAP_RPC_STRING_MAX + 1, 'x') };
  gsize length;

  g_assert_null (
      vap_rpc_args_encode (head, sizeof head, VAP_RPC_ARGS_FLAGS, &args, &length));
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

    VapRpcShape shape = (VapRpcShape) g_test_rand_int_range (0, 4);
    g_auto (VapRpcArgs) args = { 0 };
    if (!vap_rpc_args_decode (shape, bytes, length, &args))
      continue;
    g_assert_nonnull (args.xml);
    g_assert_cmpint (strlen (args.xml), <, length);
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
  g_test_add_func ("/rpc/encode", test_encode);
  g_test_add_func ("/rpc/encode/too-long", test_encode_too_long);
  g_test_add_func ("/rpc/error-reply", test_error_reply);
  g_test_add_func ("/rpc/error-reply/long", test_error_reply_long);
  g_test_add_func ("/rpc/open", test_open);
  g_test_add_func ("/rpc/auth-list", test_auth_list);
  return g_test_run ();
}
