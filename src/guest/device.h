/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a node device asks for: the AP matrix of libvirt's node-device XML, and
 * of mdevctl's JSON definition.  Both become the same VapDevice, with the
 * attributes as written; check/ judges them.
 */
#pragma once

#include "ap/matrix.h"

G_BEGIN_DECLS

#define VAP_DEVICE_TYPE "vfio_ap-passthrough"
/* the parent as libvirt names it, and as mdevctl does */
#define VAP_DEVICE_PARENT_LIBVIRT "ap_matrix"
#define VAP_DEVICE_PARENT "matrix"

/* The attributes of a matrix that mdevctl may write. */
typedef enum {
  VAP_ATTRIBUTE_ASSIGN_ADAPTER,
  VAP_ATTRIBUTE_ASSIGN_DOMAIN,
  VAP_ATTRIBUTE_ASSIGN_CONTROL_DOMAIN,
  VAP_ATTRIBUTE_UNASSIGN_ADAPTER,
  VAP_ATTRIBUTE_UNASSIGN_DOMAIN,
  VAP_ATTRIBUTE_UNASSIGN_CONTROL_DOMAIN,
  VAP_ATTRIBUTE_AP_CONFIG,
  VAP_N_ATTRIBUTES,
  VAP_ATTRIBUTE_UNKNOWN = -1,
} VapAttributeId;

typedef struct {
  char *name;
  char *value;
} VapAttribute;

/**
 * VapDevice: an immutable, counted reading of one definition.  Strings are as
 * written, NULL when absent; a UUID that libvirt can read is canonical.
 */
typedef struct {
  char *name;   /* "mdev_…", from XML that libvirt printed */
  char *parent; /* "ap_matrix", or "matrix" from mdevctl */
  char *type;   /* "vfio_ap-passthrough" */
  char *uuid;
  gboolean autostart;    /* mdevctl's "start": "auto" */
  gboolean is_mdev;      /* FALSE: XML of some other node device */
  gboolean of_mdevctl;   /* from mdevctl's JSON, so that the parent is as it names it */
  GPtrArray *attributes; /* VapAttribute, in order */
  gint ref_count;
} VapDevice;

/**
 * vap_device_parse_xml:
 * @xml: a <device>, UTF-8, need not end in NUL; same care as vap_guest_parse()
 */
VapDevice *vap_device_parse_xml (const char *xml, gsize length,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * vap_device_parse_mdevctl:
 * @json: mdevctl's definition {"mdev_type":…,"start":…,"attrs":[{"name":"value"},…]}
 * @uuid: (nullable): what the caller was told beside it (file name, -u)
 * @parent: (nullable): likewise (directory, -p)
 */
VapDevice *vap_device_parse_mdevctl (const char *json, gsize length, const char *uuid,
                                     const char *parent,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

VapDevice *vap_device_ref (VapDevice *device);
void vap_device_unref (VapDevice *device);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VapDevice, vap_device_unref)

/* whether it is, or means to be, an AP matrix: an mdev of that type or parent */
gboolean vap_device_is_matrix (const VapDevice *device);

VapAttributeId vap_attribute_find (const char *name);
/* ready for the user: "assign_adapter, assign_domain, …" */
const char *vap_attribute_names (void);

/**
 * vap_attribute_parse_number:
 *
 * As the driver reads it, kstrtoul(value, 0): decimal, octal with a leading 0,
 * hexadecimal with 0x; one newline may follow, nothing else
 * (drivers/s390/crypto/vfio_ap_ops.c, assign_adapter_store()).
 *
 * Returns: FALSE when the driver would answer EINVAL or ERANGE
 */
gboolean vap_attribute_parse_number (const char *value, gulong *number);

/* Why an attribute was not taken into the matrix. */
typedef enum {
  VAP_ATTRIBUTE_OK,
  VAP_ATTRIBUTE_BAD_NAME,
  VAP_ATTRIBUTE_BAD_VALUE,
  VAP_ATTRIBUTE_OUT_OF_RANGE, /* a number above 255 */
} VapAttributeFault;

typedef void (*VapAttributeFaultFunc) (const VapAttribute *attribute,
                                       VapAttributeFault fault, gpointer user_data);

/**
 * vap_device_matrix:
 * @matrix: (out): what the driver would hold after writing the attributes in
 *   order onto an empty matrix
 * @func: (nullable): called for each attribute that the driver would refuse,
 *   or mdevctl could not write; such an attribute changes nothing
 */
void vap_device_matrix (const VapDevice *device, VapMatrix *matrix,
                        VapAttributeFaultFunc func, gpointer user_data);

/* How a matrix is written into a definition. */
typedef enum {
  VAP_DEVICE_FORM_NUMBERS, /* assign_adapter and so on: what every program can read */
  VAP_DEVICE_FORM_CONFIG,  /* ap_config: the driver takes all or nothing */
} VapDeviceForm;

/* mdevctl's definition of a matrix, JSON on one line; free with g_free() */
char *vap_device_format_mdevctl (const VapMatrix *matrix, gboolean autostart,
                                 VapDeviceForm form);

/* @uuid: canonical; the node-device XML that makes libvirt define or create it; free with
 * g_free() */
char *vap_device_format_xml (const char *uuid, const VapMatrix *matrix,
                             VapDeviceForm form);

/* libvirt's name of an AP matrix, "mdev_6217…_matrix" (src/node_device/
 * node_device_driver.c, nodeDeviceGenerateName()); free with g_free() */
char *vap_device_node_name (const char *uuid);

/* canonical lower-case 8-4-4-4-12 of @text in @uuid, as the kernel's
 * uuid_parse(); FALSE when it is none.  @uuid has room for 37 bytes. */
gboolean vap_uuid_canonical (const char *text, char uuid[37]);

/* the same of whatever libvirt takes for a UUID in XML: 32 digits with '-' or ' '
 * anywhere between pairs, and white space around (src/util/viruuid.c,
 * virUUIDParse()) */
gboolean vap_uuid_canonical_libvirt (const char *text, char uuid[37]);

/**
 * vap_uuid_name_granted:
 * @uuid: (out): a new one for a matrix that is made for a grant to a guest of Nova's, and
 *   goes with it
 *
 * It is of version 8, the custom one of RFC 9562, and its first word says "vapg": so a
 * matrix whose grant nobody remembers is still known for what it is.
 */
void vap_uuid_name_granted (char uuid[37]);

/* whether it was named so; @uuid: canonical */
gboolean vap_uuid_is_granted (const char *uuid);

G_END_DECLS
