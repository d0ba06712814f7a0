/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a client of libvirt sends: the payloads that the gate looks into.  A call whose
 * XML was replaced by another has that one, and all else as it was; the bytes may
 * differ in what the daemon does not see either, behind a NUL or in the padding.
 */
#include "fuzz.h"

#include <string.h>

#include "rpc/args.h"
#include "rpc/open.h"

/* the shapes that src/gate/calls.c has */
static const VapRpcShape shapes[]
    = { "x",    "xu",    "d",        "du",    "dx",   "dxu",    "nu",    "nxu",
        "ndu",  "sxu",   "sXu",      "dXu",   "dsXu", "dXhSh",  "hShx",  "ShShx",
        "pu",   "dpu",   "dXoSShSh", "ohShx", "pou",  "oShShx", "dSpou" };

static void
try_shape (VapRpcShape shape, const guint8 *payload, gsize length)
{
  g_auto (VapRpcArgs) args = { 0 };
  g_auto (VapRpcArgs) again = { 0 };
  g_autofree guint8 *whole = NULL;
  g_autofree guint8 *frame = NULL;
  gsize frame_length;

  if (!vap_rpc_args_decode (shape, payload, length, &args) || args.xml == NULL)
    return;
  whole = g_malloc0 (VAP_RPC_HEADER_SIZE + length);
  memcpy (whole + VAP_RPC_HEADER_SIZE, payload, length);
  frame = vap_rpc_args_replace_xml (whole, VAP_RPC_HEADER_SIZE + length,
                                    VAP_RPC_HEADER_SIZE, &args, "<other/>",
                                    &frame_length);
  g_assert_nonnull (frame);
  g_assert_true (vap_rpc_args_decode (shape, frame + VAP_RPC_HEADER_SIZE,
                                      frame_length - VAP_RPC_HEADER_SIZE, &again));
  g_assert_cmpstr (again.xml, ==, "<other/>");
  g_assert_cmpstr (args.guest_name, ==, again.guest_name);
  g_assert_cmpint (memcmp (args.guest_uuid, again.guest_uuid, VAP_RPC_UUID_SIZE), ==, 0);
  g_assert_cmpint (args.guest_id, ==, again.guest_id);
  g_assert_cmpstr (args.name, ==, again.name);
  g_assert_cmpuint (args.flags, ==, again.flags);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_auto (VapRpcOpen) open = { 0 };
  VapRpcHeader header;
  guint32 type;

  for (guint i = 0; i < G_N_ELEMENTS (shapes); i++)
    try_shape (shapes[i], data, size);
  (void)vap_rpc_open_decode (data, size, &open);
  (void)vap_rpc_auth_list_decode (data, size, &type);
  if (size >= VAP_RPC_HEADER_SIZE) {
    vap_rpc_header_read (data, &header);
    (void)vap_rpc_header_is_sound (&header);
  }
  return 0;
}
