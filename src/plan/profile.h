/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Profiles: needs with a name, kept by the administrator in /etc/virt-ap/profiles.d,
 * for guests that are made later: `virt-ap create --profile`, the needs of
 * `virt-ap plan`, Nova's flavors.
 */
#pragma once

#include "plan/need.h"

G_BEGIN_DECLS

#define VAP_PROFILES_DIR "/etc/virt-ap/profiles.d"

/**
 * VapProfile:
 * @name: small letters, digits and single hyphens, at most 64
 * @description: (nullable): one line, for people
 * @reserved: of the guests that fit, so many are not offered to Nova
 * @need: complete
 * @file: (nullable): where it was read from
 */
typedef struct {
  char *name;
  char *description;
  guint reserved;
  VapNeed *need;
  char *file;
} VapProfile;

void vap_profile_free (VapProfile *profile);

/* VapProfiles: by name, ascending */
typedef struct {
  GPtrArray *list; /* VapProfile */
} VapProfiles;

VapProfiles *vap_profiles_new (void);
void vap_profiles_free (VapProfiles *profiles);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VapProfiles, vap_profiles_free)

/**
 * vap_profiles_add_text:
 * @text: the content of a .conf file: groups [profile NAME]
 * @file: (nullable): its name
 *
 * Returns: FALSE with %VAP_ERROR_MALFORMED, naming group, key and value; @profiles has
 *   what stood before the fault
 */
gboolean vap_profiles_add_text (VapProfiles *profiles, const char *text, gsize length,
                                const char *file,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * vap_profiles_read:
 * @root: (nullable): a directory in front of /etc
 *
 * Reads *.conf in %VAP_PROFILES_DIR in the order of their names; that there is no such
 * directory is no error.  Reads, as the only function of plan/.
 *
 * Returns: (transfer full): NULL with @error, which names the file
 */
VapProfiles *vap_profiles_read (const char *root,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* (transfer none), NULL when there is none of that name */
const VapProfile *vap_profiles_find (const VapProfiles *profiles, const char *name);

/* completes each guest's need with its profile; FALSE with %VAP_ERROR_MALFORMED when a
 * profile is not there or a need contradicts itself */
gboolean vap_needs_complete (VapNeeds *needs, const VapProfiles *profiles,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
