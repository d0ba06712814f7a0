/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads the arguments of a call field by field, as XDR (RFC 4506) lays them out:
 * everything in multiples of four bytes, numbers big-endian, strings and opaque
 * bytes with their length before them.  Only what is wanted is copied.
 * Source: libvirt src/remote/remote_protocol.x, remote_domain_define_xml_args and
 * its like.
 */
#include "config.h"

#include <string.h>

#include "rpc/args.h"

/* The parameters that are a domain XML: VIR_MIGRATE_PARAM_DEST_XML and
 * VIR_DOMAIN_SAVE_PARAM_DXML of <libvirt/libvirt-domain.h>. */
static const char *const xml_params[] = { "destination_xml", "dxml" };

/* virTypedParameterType of <libvirt/libvirt-common.h>: from INT to STRING */
enum {
  PARAM_INT = 1,
  PARAM_UINT,
  PARAM_LLONG,
  PARAM_ULLONG,
  PARAM_DOUBLE,
  PARAM_BOOLEAN,
  PARAM_STRING
};

typedef struct {
  const guint8 *payload;
  gsize length;
  gsize at;
} Reader;

/* Bytes as they stand in the payload. */
typedef struct {
  const guint8 *bytes;
  gsize length;
} Piece;

void
vap_rpc_args_clear (VapRpcArgs *args)
{
  g_clear_pointer (&args->guest_name, g_free);
  g_clear_pointer (&args->name, g_free);
  g_clear_pointer (&args->xml, g_free);
}

static gboolean
read_fixed (Reader *reader, gsize length, Piece *piece)
{
  if (length > reader->length - reader->at)
    return FALSE;
  piece->bytes = reader->payload + reader->at;
  piece->length = length;
  reader->at += length;
  return TRUE;
}

static gboolean
read_word (Reader *reader, guint32 *word)
{
  Piece piece;

  if (!read_fixed (reader, 4, &piece))
    return FALSE;
  *word = vap_rpc_read_word (piece.bytes);
  return TRUE;
}

/* opaque<> and string<>; nothing in libvirt's protocol has a longer one */
static gboolean
read_piece (Reader *reader, Piece *piece)
{
  Piece padding;
  guint32 length;

  return read_word (reader, &length) && length <= VAP_RPC_STRING_MAX &&
         read_fixed (reader, length, piece) && read_fixed (reader, -length % 4, &padding);
}

/* The daemon sees a string up to its first NUL, and so do we. */
static gboolean
read_string (Reader *reader, char **text)
{
  Piece piece;

  if (!read_piece (reader, &piece))
    return FALSE;
  if (text != NULL) {
    g_free (*text);
    *text = g_strndup ((const char *) piece.bytes, piece.length);
  }
  return TRUE;
}

static gboolean
read_xml (Reader *reader, VapRpcArgs *args)
{
  if (args->xml != NULL)
    return FALSE;
  args->xml_start = reader->at;
  if (!read_string (reader, &args->xml))
    return FALSE;
  args->xml_end = reader->at;
  return TRUE;
}

/* A pointer of XDR: whether it is there, then what it points to. */
static gboolean
read_there (Reader *reader, gboolean *there)
{
  guint32 word;

  if (!read_word (reader, &word))
    return FALSE;
  *there = word != 0;
  return TRUE;
}

static gboolean
read_domain (Reader *reader, VapRpcArgs *args)
{
  guint32 id;
  Piece uuid;

  if (!read_string (reader, &args->guest_name) ||
      !read_fixed (reader, VAP_RPC_UUID_SIZE, &uuid) || !read_word (reader, &id))
    return FALSE;
  memcpy (args->guest_uuid, uuid.bytes, VAP_RPC_UUID_SIZE);
  args->guest_id = (gint) id;
  return TRUE;
}

static gboolean
is_xml_param (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (xml_params); i++)
    if (g_str_equal (name, xml_params[i]))
      return TRUE;
  return FALSE;
}

/* remote_typed_param */
static gboolean
read_param (Reader *reader, VapRpcArgs *args)
{
  g_autofree char *name = NULL;
  guint32 type;
  Piece value;

  if (!read_string (reader, &name) || !read_word (reader, &type))
    return FALSE;
  switch (type) {
  case PARAM_INT:
  case PARAM_UINT:
  case PARAM_BOOLEAN:
    return read_fixed (reader, 4, &value);
  case PARAM_LLONG:
  case PARAM_ULLONG:
  case PARAM_DOUBLE:
    return read_fixed (reader, 8, &value);
  case PARAM_STRING:
    return is_xml_param (name) ? read_xml (reader, args) : read_string (reader, NULL);
  default:
    return FALSE;
  }
}

/* An entry has three words at least, so that a lying number comes to its end soon. */
static gboolean
read_params (Reader *reader, VapRpcArgs *args)
{
  guint32 n_params;

  if (!read_word (reader, &n_params))
    return FALSE;
  for (guint32 i = 0; i < n_params; i++)
    if (!read_param (reader, args))
      return FALSE;
  return TRUE;
}

static gboolean
read_field (Reader *reader, char field, VapRpcArgs *args)
{
  gboolean there = TRUE;
  Piece piece;

  switch (field) {
  case 'd':
    return read_domain (reader, args);
  case 'n':
    return read_string (reader, &args->name);
  case 'S':
    return read_there (reader, &there) && (!there || read_string (reader, NULL));
  case 's':
    return read_string (reader, NULL);
  case 'X':
    return read_there (reader, &there) && (!there || read_xml (reader, args));
  case 'x':
    return read_xml (reader, args);
  case 'p':
    return read_params (reader, args);
  case 'o':
    return read_piece (reader, &piece);
  case 'h':
    return read_fixed (reader, 8, &piece);
  case 'i':
    return read_fixed (reader, 4, &piece);
  case 'u':
    return read_word (reader, &args->flags);
  default:
    g_return_val_if_reached (FALSE);
  }
}

gboolean
vap_rpc_args_decode (VapRpcShape shape, const guint8 *payload, gsize length,
                     VapRpcArgs *args)
{
  Reader reader = { payload, length, 0 };

  memset (args, 0, sizeof *args);
  for (const char *field = shape; *field != '\0'; field++)
    if (!read_field (&reader, *field, args))
      return FALSE;
  return reader.at == length;
}

guint8 *
vap_rpc_args_replace_xml (const guint8 *frame, gsize frame_length, gsize head_length,
                          const VapRpcArgs *args, const char *xml, gsize *length)
{
  gsize before = head_length + args->xml_start;
  gsize after = frame_length - head_length - args->xml_end;
  gsize xml_length = strlen (xml);
  gsize padding = -xml_length % 4;
  guint8 *at;

  *length = before + 4 + xml_length + padding + after;
  if (xml_length > VAP_RPC_STRING_MAX || *length > VAP_RPC_FRAME_MAX)
    return NULL;

  guint8 *changed = g_malloc0 (*length);
  memcpy (changed, frame, before);
  at = changed + before;
  vap_rpc_write_word (at, (guint32) xml_length);
  memcpy (at + 4, xml, xml_length);
  memcpy (at + 4 + xml_length + padding, frame + frame_length - after, after);
  vap_rpc_write_word (changed, (guint32) *length);
  return changed;
}
