/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How libvirt's RPC stream is divided: frames of a length (itself included) and a
 * header of six words, all 32 bits and big-endian, then the payload.  Used by the
 * gate.  Source of every number: libvirt src/rpc/virnetprotocol.x.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* the length and the six words */
#define VAP_RPC_HEADER_SIZE 28u
#define VAP_RPC_WORD_SIZE 4u
/* a frame with descriptors has their number after the header */
#define VAP_RPC_COUNT_SIZE 4u
/* VIR_NET_MESSAGE_LEN_MAX + VIR_NET_MESSAGE_MAX */
#define VAP_RPC_FRAME_MAX (4u + 33554432u)
/* VIR_NET_MESSAGE_STRING_MAX, also remote_protocol.x: REMOTE_STRING_MAX */
#define VAP_RPC_STRING_MAX 4194304u
/* VIR_NET_MESSAGE_NUM_FDS_MAX */
#define VAP_RPC_FDS_MAX 32u

/* remote_protocol.x: REMOTE_PROGRAM, REMOTE_PROTOCOL_VERSION */
#define VAP_RPC_REMOTE_PROGRAM 0x20008086u
#define VAP_RPC_REMOTE_VERSION 1u

/* virNetMessageType */
typedef enum {
  VAP_RPC_CALL,
  VAP_RPC_REPLY,
  VAP_RPC_MESSAGE,
  VAP_RPC_STREAM,
  VAP_RPC_CALL_WITH_FDS,
  VAP_RPC_REPLY_WITH_FDS,
  VAP_RPC_STREAM_HOLE,
} VapRpcType;

/* virNetMessageStatus */
typedef enum {
  VAP_RPC_OK,
  VAP_RPC_ERROR,
  VAP_RPC_CONTINUE,
} VapRpcStatus;

/* The length and virNetMessageHeader, in the order of the wire. */
typedef struct {
  guint32 length;
  guint32 program;
  guint32 version;
  guint32 procedure;
  guint32 type;
  guint32 serial;
  guint32 status;
} VapRpcHeader;

guint32 vap_rpc_read_word (const guint8 *bytes);
void vap_rpc_write_word (guint8 *bytes, guint32 word);

void vap_rpc_header_read (const guint8 bytes[VAP_RPC_HEADER_SIZE], VapRpcHeader *header);
void vap_rpc_header_write (const VapRpcHeader *header, guint8 bytes[VAP_RPC_HEADER_SIZE]);

/* whether the number of descriptors stands after the header */
gboolean vap_rpc_header_has_fds (const VapRpcHeader *header);

/* whether a frame can be so long: not shorter than its header, nor longer than
 * libvirt takes */
gboolean vap_rpc_length_is_sound (guint32 length);

/* the same, and whether what stands after the header of this type has room */
gboolean vap_rpc_header_is_sound (const VapRpcHeader *header);

/* whether it is a call of this procedure in libvirt's main program */
gboolean vap_rpc_header_is_call (const VapRpcHeader *header, guint32 procedure);

/* whether it is a reply, with descriptors or without */
gboolean vap_rpc_header_is_reply (const VapRpcHeader *header);

/* the header of a reply to @call; length is still to be set */
VapRpcHeader vap_rpc_header_reply_to (const VapRpcHeader *call, VapRpcStatus status);

G_END_DECLS
