/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a guest asks for: the AP part of a domain XML.  Parsing only; whether
 * the host can give it is judged in check/.  Used by the doors, by host/ (for
 * the guests that libvirt already has) and by the command line.
 */
#pragma once

#include "ap/feature.h"
#include "ap/error.h"

G_BEGIN_DECLS

/* An XML larger than libvirt's own limit of a string (remote_protocol.x,
 * REMOTE_STRING_MAX, 4 MiB) is refused unread. */
#define VAP_XML_MAX (4u * 1024 * 1024)

/* Our namespace below a domain's <metadata>. */
#define VAP_METADATA_NS "urn:virt-ap:domain:1.0"
#define VAP_METADATA_PREFIX "virt-ap"

/* libvirt's policies of <cpu><feature>; a missing attribute is require. */
typedef enum {
  VAP_POLICY_FORCE,
  VAP_POLICY_REQUIRE,
  VAP_POLICY_OPTIONAL,
  VAP_POLICY_DISABLE,
  VAP_POLICY_FORBID,
} VapPolicy;

typedef enum {
  VAP_CPU_MODE_NONE, /* no <cpu>, or one without a mode and a model */
  VAP_CPU_MODE_CUSTOM,
  VAP_CPU_MODE_HOST_MODEL,
  VAP_CPU_MODE_HOST_PASSTHROUGH,
  VAP_CPU_MODE_MAXIMUM,
} VapCpuMode;

const char *vap_policy_to_string (VapPolicy policy);
const char *vap_cpu_mode_to_string (VapCpuMode mode);

/* force and require: the guest must have it; disable and forbid: it must not */
static inline gboolean
vap_policy_wants (VapPolicy policy)
{
  return policy == VAP_POLICY_FORCE || policy == VAP_POLICY_REQUIRE;
}

static inline gboolean
vap_policy_rejects (VapPolicy policy)
{
  return policy == VAP_POLICY_DISABLE || policy == VAP_POLICY_FORBID;
}

typedef struct {
  char *name;
  VapPolicy policy;
  gboolean from_metadata; /* kept by us for the guest, unknown to QEMU */
} VapCpuFeature;

/* A <hostdev mode='subsystem' type='mdev'>. */
typedef struct {
  char *uuid;       /* canonical if libvirt can read it, else as written; NULL
                       when the address has none */
  char *model;      /* "vfio-ap", "vfio-pci", "vfio-ccw"; NULL without one */
  char *boot_order; /* NULL without <boot order=…/> */
} VapGuestDevice;

void vap_guest_device_free (VapGuestDevice *device);
VapGuestDevice *vap_guest_device_copy (const VapGuestDevice *device);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VapGuestDevice, vap_guest_device_free)

/**
 * VapGuest: an immutable, counted reading of one domain XML.  Strings are as
 * the user wrote them, NULL when absent; a UUID that libvirt can read is
 * canonical.  A feature kept in our metadata is left out when <cpu> names it too.
 */
typedef struct {
  char *name;
  char *uuid;
  char *type;     /* "kvm", "qemu" */
  char *arch;     /* "s390x" */
  char *machine;  /* "s390-ccw-virtio" */
  char *emulator; /* path */
  VapCpuMode cpu_mode;
  char *cpu_model;
  GPtrArray *features; /* VapCpuFeature, <cpu> first, then our metadata */
  GPtrArray *devices;  /* VapGuestDevice: every mdev hostdev */
  gboolean secure;     /* <launchSecurity type='s390-pv'/> */
  gint ref_count;
} VapGuest;

/**
 * vap_guest_parse:
 * @xml: a <domain>, or a <domstatus> or <domainsnapshot> around one, UTF-8; need
 *   not end in NUL
 * @length: bytes in @xml
 *
 * Entities are never expanded, nothing is loaded from a file or a network.
 *
 * Returns: (transfer full): free with vap_guest_unref(); NULL with
 *   %VAP_ERROR_MALFORMED (line and reason) or %VAP_ERROR_TOO_LARGE
 */
VapGuest *vap_guest_parse (const char *xml, gsize length,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* frees what the last document that was read has left, for who reads one after another and
 * has time now */
void vap_guest_forget (void);

VapGuest *vap_guest_ref (VapGuest *guest);
void vap_guest_unref (VapGuest *guest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VapGuest, vap_guest_unref)

/**
 * vap_guest_device_parse:
 * @xml: the XML of one device, as for virDomainAttachDevice()
 * @device: (out) (transfer full): the mediated device, or NULL when the XML is
 *   any other device
 */
gboolean vap_guest_device_parse (const char *xml, gsize length, VapGuestDevice **device,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* a copy of @guest that has @device too */
VapGuest *vap_guest_with_device (const VapGuest *guest, const VapGuestDevice *device);
/* a copy of @guest without the devices of this UUID */
VapGuest *vap_guest_without_device (const VapGuest *guest, const char *uuid);
/* whether it has a mediated device of this UUID, canonical */
gboolean vap_guest_has_device (const VapGuest *guest, const char *uuid);

/**
 * vap_guest_feature:
 *
 * Returns: (transfer none): the last entry of that name (libvirt refuses two of
 *   one name), or NULL
 */
const VapCpuFeature *vap_guest_feature (const VapGuest *guest, const char *name);

/* whether the judge has anything to say about it: a feature in our metadata, a
 * vfio-ap device, or, in a guest that is s390x or doesn't say, a CPU feature whose
 * name begins with "ap" (without an architecture: a known one, x86 has "apic") or
 * a mediated device that is no vfio-ccw */
gboolean vap_guest_concerns_ap (const VapGuest *guest);

G_END_DECLS
