/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a client of libvirt sends: the payloads that the gate looks into.  What was
 * decoded and encoded again means the same; the bytes may differ in what the
 * daemon does not see either, behind a NUL or in the padding.
 */
#include "fuzz.h"

#include <string.h>

#include "rpc/args.h"
#include "rpc/open.h"

static void
try_shape (VapRpcShape shape, const guint8 *payload, gsize length)
{
  const guint8 head[VAP_RPC_HEADER_SIZE] = { 0 };
  g_auto (VapRpcArgs) args = { 0 };
  g_auto (VapRpcArgs) again = { 0 };
  g_autofree guint8 *frame = NULL;
  gsize frame_length;

  if (!vap_rpc_args_decode (shape, payload, length, &args))
    return;
  frame = vap_rpc_args_encode (head, sizeof head, shape, &args, &frame_length);
  g_assert_nonnull (frame);
  g_assert_cmpuint (frame_length, <=, sizeof head + length);
  g_assert_true (vap_rpc_args_decode (shape, frame + sizeof head,
                                      frame_length - sizeof head, &again));
  g_assert_cmpstr (args.xml, ==, again.xml);
  g_assert_cmpstr (args.guest_name, ==, again.guest_name);
  g_assert_cmpint (memcmp (args.guest_uuid, again.guest_uuid, VAP_RPC_UUID_SIZE), ==, 0);
  g_assert_cmpint (args.guest_id, ==, again.guest_id);
  g_assert_cmpuint (args.flags, ==, again.flags);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_auto (VapRpcOpen) open = { 0 };
  VapRpcHeader header;
  guint32 type;

  for (guint shape = 0; shape <= (VAP_RPC_ARGS_DOMAIN | VAP_RPC_ARGS_FLAGS); shape++)
    try_shape ((VapRpcShape)shape, data, size);
  (void)vap_rpc_open_decode (data, size, &open);
  (void)vap_rpc_auth_list_decode (data, size, &type);
  if (size >= VAP_RPC_HEADER_SIZE) {
    vap_rpc_header_read (data, &header);
    (void)vap_rpc_header_is_sound (&header);
  }
  return 0;
}
