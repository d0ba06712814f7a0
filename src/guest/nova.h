/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What OpenStack Nova tells of an instance in the metadata of its domain XML, and what
 * we told there of an earlier grant.  Used by grant/.
 */
#pragma once

#include "guest/guest.h"

G_BEGIN_DECLS

/* Nova's domain XML has this in it, so that others cost no parsing; a version follows. */
#define VAP_NOVA_NAMESPACE "http://openstack.org/xmlns/libvirt/nova/"

/* Nova's extra spec that names a profile, and the resource class that asks Placement
 * for one; either says what the flavor is to get. */
#define VAP_NOVA_EXTRA_SPEC "virt_ap:profile"
#define VAP_NOVA_RESOURCE "CUSTOM_VIRT_AP_"

/**
 * VapNovaGuest:
 * @guest: the rest of the document
 * @flavor: its name, as the operator gave it; NULL when Nova did not say
 * @has_extra_specs: Nova told them (since 2025.2)
 * @profile: (nullable): that the extra specs ask for
 * @granted_profile: (nullable): in our own metadata
 * @granted_device: (nullable): likewise, canonical UUID
 */
typedef struct {
  VapGuest *guest;
  char *flavor;
  gboolean has_extra_specs;
  char *profile;
  char *granted_profile;
  char *granted_device;
} VapNovaGuest;

/**
 * vap_nova_guest_parse:
 * @xml: see vap_guest_parse()
 * @instance: (out) (transfer full): NULL when the guest is none of Nova's
 *
 * Returns: FALSE with %VAP_ERROR_MALFORMED, also for extra specs that contradict each
 *   other or ask for more than one crypto device
 */
gboolean vap_nova_guest_parse (const char *xml, gsize length, VapNovaGuest **instance,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

void vap_nova_guest_free (VapNovaGuest *instance);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VapNovaGuest, vap_nova_guest_free)

/**
 * vap_rewrite_grant:
 * @profile: a word that needs no escaping
 * @device: canonical UUID
 * @dropped: NULL-terminated canonical UUIDs of devices that the guest loses
 *
 * Gives one of Nova's guests the device, and tells so in
 * <metadata><virt-ap:crypto><virt-ap:grant>.
 *
 * Returns: (transfer full): the new document, or NULL with @error
 */
char *vap_rewrite_grant (const char *xml, gsize length, const char *profile,
                         const char *device, const char *const *dropped,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
