/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a door decided, as one line of JSON: schemas/log.schema.json has it.  The
 * doors make it, writer.h keeps it, reader.h finds it again.
 */
#pragma once

#include "check/finding.h"
#include "config/settings.h"

G_BEGIN_DECLS

/**
 * VapDecision:
 * @VAP_DECISION_ACCEPTED: there was no error among the findings
 * @VAP_DECISION_WARNED: there was, and the configuration made warnings of all
 * @VAP_DECISION_REFUSED: there was
 * @VAP_DECISION_UNJUDGED: it could not be judged
 */
typedef enum {
  VAP_DECISION_ACCEPTED,
  VAP_DECISION_WARNED,
  VAP_DECISION_REFUSED,
  VAP_DECISION_UNJUDGED,
  VAP_N_DECISIONS,
} VapDecision;

/* "accepted", "warned", "refused", "unjudged": never translated */
const char *vap_decision_to_string (VapDecision decision);

/**
 * VapRecord: nothing of it is the record's own
 * @call: libvirt's name of the call, "pre define", "prepare begin"
 * @guest: (nullable): its name
 * @device: (nullable): its UUID
 * @passed: whether what was asked went on
 * @reason: (nullable): why it could not be judged
 * @findings: (nullable)
 * @notes: (nullable): char *: what was changed, and what was left to another door
 */
typedef struct {
  VapDoor door;
  const char *call;
  const char *guest;
  const char *device;
  VapDecision decision;
  gboolean passed;
  const char *reason;
  const VapFindings *findings;
  const GPtrArray *notes;
} VapRecord;

/**
 * vap_record_to_json:
 * @time: microseconds since 1970, as of g_get_real_time()
 * @max: bytes: long texts are cut, and findings left out, until it is no longer; 4,096
 *   and more
 *
 * With the name and number of the user who runs this process.
 *
 * Returns: (transfer full): one line without its newline, "time" first; free with
 *   g_free()
 */
char *vap_record_to_json (const VapRecord *record, gint64 time, gsize max);

/* the same in short for people who read a log: "gate DOMAIN_CREATE: refused …"; free with
 * g_free() */
char *vap_record_to_message (const VapRecord *record);

G_END_DECLS
