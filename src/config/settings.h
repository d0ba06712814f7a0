/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the administrator, and a user for himself, has set: virt-ap.conf(5).  Read by
 * the doors for each question anew, so that a change counts at once.  Knows no finding:
 * who reads says which ids there are.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  VAP_DOOR_GATE,
  VAP_DOOR_CALLOUT,
  VAP_DOOR_HOOK,
  VAP_N_DOORS,
} VapDoor;

/* "gate", "callout", "hook": never translated */
const char *vap_door_to_string (VapDoor door);

/**
 * VapEnforcement:
 * @VAP_ENFORCE: an error refuses
 * @VAP_WARN: an error is told as a warning, and refuses nothing
 * @VAP_OFF: nothing is told; of a door: nothing is judged
 */
typedef enum {
  VAP_ENFORCE,
  VAP_WARN,
  VAP_OFF,
} VapEnforcement;

/* where records of decisions go */
typedef enum {
  VAP_AUDIT_AUTO, /* the first of the three that is there */
  VAP_AUDIT_JOURNAL,
  VAP_AUDIT_SYSLOG,
  VAP_AUDIT_FILE,
  VAP_AUDIT_NONE,
} VapAuditTo;

/* Nova undefines a guest to define it again within seconds. */
#define VAP_GRANT_KEEP_SECONDS 60u
#define VAP_GRANT_KEEP_MAX 86400u

/**
 * VapConfig: immutable once read
 * @policy: of each door as a whole
 * @findings: for each door, and at VAP_N_DOORS for all: char * id to VapEnforcement
 * @socket: (nullable): where the gate connects, whatever URI is opened; absolute
 * @complete: whether the gate adds AP features that a guest with a crypto device lacks
 * @remap: whether the hook may map a guest's device to another of this host
 * @audit_to: where decisions are recorded
 * @audit_file: (nullable): absolute; NULL for the usual place
 * @nova: char * name of a flavor to char * name of a profile
 * @grant_keep: seconds for which what a guest of Nova's was granted is kept for it after
 *   it was undefined; 1 to %VAP_GRANT_KEEP_MAX
 * @files: char *: those that were read, the system's first
 * @notes: char *: which were passed over, and why
 */
typedef struct {
  VapEnforcement policy[VAP_N_DOORS];
  GHashTable *findings[VAP_N_DOORS + 1];
  char *socket;
  gboolean complete;
  gboolean remap;
  VapAuditTo audit_to;
  char *audit_file;
  GHashTable *nova;
  guint grant_keep;
  GPtrArray *files;
  GPtrArray *notes;
  gint ref_count;
} VapConfig;

/* whether there is a finding of this id */
typedef gboolean (*VapKnowsFunc) (const char *id);

/**
 * vap_config_read:
 * @root: (nullable): a directory in front of the files' paths; NULL or "" for none
 * @knows: which ids of findings there are
 *
 * Reads /etc/virt-ap/virt-ap.conf, and over it, key by key, the user's own file; root
 * has none.  Files that are not there leave what vap_config_new() has.
 *
 * Returns: (transfer full): free with vap_config_free(); NULL with %VAP_ERROR_MALFORMED
 *   ("FILE:LINE: [GROUP] KEY: REASON"), %VAP_ERROR_UNREADABLE or %VAP_ERROR_TOO_LARGE
 */
VapConfig *vap_config_read (const char *root, VapKnowsFunc knows,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* what counts where nothing is set: every door enforces, nothing is completed */
VapConfig *vap_config_new (void);

/* one file's text over @config; private to config/ and for tests and fuzzers */
gboolean vap_config_merge (VapConfig *config, const char *path, const char *text,
                           gsize length, VapKnowsFunc knows,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* gives back one that was made or read, which may be another's too */
void vap_config_free (VapConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VapConfig, vap_config_free)

/**
 * vap_config_finding:
 * @id: of a finding
 *
 * The most special setting counts: of the finding at this door, of the finding, of the
 * door.  A door that is off judges nothing, whatever is set for a finding.
 */
VapEnforcement vap_config_finding (const VapConfig *config, VapDoor door, const char *id);

/**
 * vap_config_socket:
 * @socket: (out) (transfer full) (nullable): what [gate] socket says
 *
 * For the gate's relay, which needs nothing else and must not fail for what else is
 * wrong: other lines are not looked at.
 *
 * Returns: FALSE with an error as of vap_config_read()
 */
gboolean vap_config_socket (const char *root, char **socket,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
