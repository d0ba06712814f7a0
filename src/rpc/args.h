/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The arguments of the calls that the gate judges.  remote_protocol.x has one
 * structure for each call; a shape names its fields in their order, so that a row
 * of a table is all that a call needs.  Used by the gate.
 */
#pragma once

#include "rpc/frame.h"

G_BEGIN_DECLS

/*
 * A shape: a letter for each field.
 *   d  remote_nonnull_domain
 *   n  remote_nonnull_string that names something: a node device, a snapshot
 *   s  remote_nonnull_string and
 *   S  remote_string that nothing is wanted from
 *   x  remote_nonnull_string that is the XML
 *   X  remote_string that is the XML, if it is there
 *   p  remote_typed_param<>; its destination_xml or dxml is the XML, if it is there
 *   o  opaque<>
 *   h  unsigned hyper
 *   i  int
 *   u  unsigned int that is the flags
 */
typedef const char *VapRpcShape;

#define VAP_RPC_UUID_SIZE 16

/**
 * VapRpcArgs: what a shape does not have, or the client left out, is NULL or 0.
 * @xml_start, @xml_end: where the XML is in the payload, from its length word to the
 *   end of its padding
 */
typedef struct {
  char *guest_name;
  guint8 guest_uuid[VAP_RPC_UUID_SIZE];
  gint guest_id;

  char *name;
  char *xml;
  gsize xml_start;
  gsize xml_end;
  guint flags;
} VapRpcArgs;

void vap_rpc_args_clear (VapRpcArgs *args);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VapRpcArgs, vap_rpc_args_clear)

/**
 * vap_rpc_args_decode:
 * @payload: of any content and length
 * @args: (out caller-allocates): free with vap_rpc_args_clear(), also after FALSE
 *
 * Returns: FALSE unless @payload is exactly such arguments, to its last byte, no
 *   string longer than %VAP_RPC_STRING_MAX, and with at most one XML
 */
gboolean vap_rpc_args_decode (VapRpcShape shape, const guint8 *payload, gsize length,
                              VapRpcArgs *args) G_GNUC_WARN_UNUSED_RESULT;

/**
 * vap_rpc_args_replace_xml:
 * @frame: a whole frame, whose payload gave @args and begins at @head_length
 * @args: with an XML
 * @length: (out): of the new frame
 *
 * Every other byte of the call stays as the client wrote it.
 *
 * Returns: (transfer full): a whole frame, free with g_free(); NULL when it would be
 *   longer than libvirt takes
 */
guint8 *vap_rpc_args_replace_xml (const guint8 *frame, gsize frame_length,
                                  gsize head_length, const VapRpcArgs *args,
                                  const char *xml,
                                  gsize *length) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
