/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Changes to a domain XML on its way to libvirt and back: CPU features that
 * QEMU has no property for are kept in our metadata instead of <cpu>; and a crypto
 * device is put in or taken out.  All else in the document stays as it is.
 */
#pragma once

#include "guest/guest.h"

G_BEGIN_DECLS

/**
 * vap_rewrite_hide_features:
 * @names: NULL-terminated names of features
 *
 * Moves each <feature> of these names from <cpu> into
 * <metadata><virt-ap:crypto>, with its policy, replacing an older entry there.
 *
 * Returns: (transfer full): the new document, or NULL with @error
 */
char *vap_rewrite_hide_features (const char *xml, gsize length, const char *const *names,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* the reverse: the AP features in our metadata stand in <cpu> again, the metadata
 * is gone unless it holds what only a newer version knows.  Both leave a document
 * alone whose <cpu> may not have features: without a mode, or custom without a
 * model. */
char *vap_rewrite_show_features (const char *xml, gsize length,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * vap_rewrite_add_features:
 * @names: NULL-terminated names of features that <cpu> does not name
 *
 * Adds each as required to <cpu>, and tells so in
 * <metadata><virt-ap:crypto><virt-ap:changed>.  A document whose <cpu> may not have
 * features stays as it is.
 *
 * Returns: (transfer full): the new document, or NULL with @error
 */
char *vap_rewrite_add_features (const char *xml, gsize length, const char *const *names,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * vap_rewrite_set_models:
 * @xml: a domain, or one <hostdev>
 * @uuids: NULL-terminated canonical UUIDs of mediated devices
 *
 * Gives each of these devices whose model is vfio-pci the model vfio-ap, and tells
 * so in <metadata><virt-ap:crypto><virt-ap:changed>; a single <hostdev> has no place
 * for that.
 *
 * Returns: (transfer full): the new document, or NULL with @error
 */
char *vap_rewrite_set_models (const char *xml, gsize length, const char *const *uuids,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * vap_rewrite_add_device:
 * @uuid: canonical UUID of an AP matrix
 * @features: NULL-terminated names of CPU features; one that <cpu> names already, with
 *   whatever policy, is left as it is
 *
 * Puts the matrix among the guest's devices, unless it is there, and demands the
 * features.
 *
 * Returns: (transfer full): the new document, or NULL with @error: also when a feature is
 *   needed and there is no <cpu> that may have one
 */
char *vap_rewrite_add_device (const char *xml, gsize length, const char *uuid,
                              const char *const *features,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* the document without the device; its CPU features stay */
char *vap_rewrite_remove_device (const char *xml, gsize length, const char *uuid,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* the document with @uuid in the place of the device @old; both canonical */
char *vap_rewrite_replace_device (const char *xml, gsize length, const char *old,
                                  const char *uuid,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* the <hostdev> alone, as vap_rewrite_add_device() adds it; free with g_free() */
char *vap_rewrite_device_xml (const char *uuid);

G_END_DECLS
