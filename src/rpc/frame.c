/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The length and header of a frame.  Bytes are put together by hand: these words
 * are read for every frame that passes, and are the same on every machine.
 */
#include "config.h"

#include "rpc/frame.h"

guint32
vap_rpc_read_word (const guint8 *bytes)
{
  return (guint32) bytes[0] << 24 | (guint32) bytes[1] << 16 | (guint32) bytes[2] << 8 |
         bytes[3];
}

void
vap_rpc_write_word (guint8 *bytes, guint32 word)
{
  bytes[0] = (guint8) (word >> 24);
  bytes[1] = (guint8) (word >> 16);
  bytes[2] = (guint8) (word >> 8);
  bytes[3] = (guint8) word;
}

void
vap_rpc_header_read (const guint8 bytes[VAP_RPC_HEADER_SIZE], VapRpcHeader *header)
{
  header->length = vap_rpc_read_word (bytes);
  header->program = vap_rpc_read_word (bytes + 4);
  header->version = vap_rpc_read_word (bytes + 8);
  header->procedure = vap_rpc_read_word (bytes + 12);
  header->type = vap_rpc_read_word (bytes + 16);
  header->serial = vap_rpc_read_word (bytes + 20);
  header->status = vap_rpc_read_word (bytes + 24);
}

void
vap_rpc_header_write (const VapRpcHeader *header, guint8 bytes[VAP_RPC_HEADER_SIZE])
{
  vap_rpc_write_word (bytes, header->length);
  vap_rpc_write_word (bytes + 4, header->program);
  vap_rpc_write_word (bytes + 8, header->version);
  vap_rpc_write_word (bytes + 12, header->procedure);
  vap_rpc_write_word (bytes + 16, header->type);
  vap_rpc_write_word (bytes + 20, header->serial);
  vap_rpc_write_word (bytes + 24, header->status);
}

gboolean
vap_rpc_header_has_fds (const VapRpcHeader *header)
{
  return header->type == VAP_RPC_CALL_WITH_FDS || header->type == VAP_RPC_REPLY_WITH_FDS;
}

gboolean
vap_rpc_length_is_sound (guint32 length)
{
  return length >= VAP_RPC_HEADER_SIZE && length <= VAP_RPC_FRAME_MAX;
}

gboolean
vap_rpc_header_is_sound (const VapRpcHeader *header)
{
  if (!vap_rpc_length_is_sound (header->length))
    return FALSE;
  return !vap_rpc_header_has_fds (header) ||
         header->length >= VAP_RPC_HEADER_SIZE + VAP_RPC_COUNT_SIZE;
}

gboolean
vap_rpc_header_is_call (const VapRpcHeader *header, guint32 procedure)
{
  return header->procedure == procedure && header->program == VAP_RPC_REMOTE_PROGRAM &&
         header->version == VAP_RPC_REMOTE_VERSION &&
         (header->type == VAP_RPC_CALL || header->type == VAP_RPC_CALL_WITH_FDS);
}

gboolean
vap_rpc_header_is_reply (const VapRpcHeader *header)
{
  return header->type == VAP_RPC_REPLY || header->type == VAP_RPC_REPLY_WITH_FDS;
}

VapRpcHeader
vap_rpc_header_reply_to (const VapRpcHeader *call, VapRpcStatus status)
{
  VapRpcHeader reply = *call;

  reply.type = VAP_RPC_REPLY;
  reply.status = status;
  return reply;
}
