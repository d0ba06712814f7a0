/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The planner: from needs (need.h) and a host's snapshot to matrices, with the queues
 * that must first be reserved for guests, or to the needs that cannot be met together.
 * Pure: nothing is read and nothing changes; `virt-ap plan` shows a plan, `virt-ap
 * apply` carries it out.
 *
 * A plan is best first by how many needs are met, then by the adapters on which guests
 * are spread, then by how few matrices change, then by how few queues are taken from
 * the host.  Which of all best plans it is follows from the input alone.
 */
#pragma once

#include "host/host.h"
#include "plan/need.h"

G_BEGIN_DECLS

/* The version of a plan's JSON document. */
#define VAP_PLAN_VERSION 1u

typedef enum {
  VAP_PLAN_KEEP,   /* the guest's matrix meets the need, and stays as it is */
  VAP_PLAN_CREATE, /* the guest gets a new device */
  VAP_PLAN_CHANGE, /* the guest's device gets another matrix */
  VAP_PLAN_UNMET,  /* the need is not met; what the guest has stays as it is */
  VAP_N_PLAN_ACTIONS,
} VapPlanAction;

/* "keep", "create", "change", "unmet": part of the document's format */
const char *vap_plan_action_to_string (VapPlanAction action);

/**
 * VapPlanGuest:
 * @uuid: of its device; of a new one it follows from the guest's name.  NULL for an
 *   unmet need of a guest without a device
 * @matrix: what it has after the plan, empty for an unmet need without a device
 * @before: what its device has now; all empty with has_before FALSE
 * @is_active: the device is active now
 * @is_defined: mdevctl has a definition of it now
 * @reason: one sentence, translated: why this matrix, or why none
 */
typedef struct {
  char *guest;
  char *uuid;
  VapPlanAction action;
  VapMatrix matrix;
  gboolean has_before;
  VapMatrix before;
  gboolean is_active;
  gboolean is_defined;
  char *reason;
} VapPlanGuest;

typedef enum {
  VAP_RESERVE_NONE,     /* nothing is to be reserved */
  VAP_RESERVE_MASKS,    /* by apmask and aqmask */
  VAP_RESERVE_OVERRIDE, /* by each queue's driver_override */
} VapReserveMethod;

/**
 * VapPlanReserve:
 * @apmask: what the masks become, for %VAP_RESERVE_MASKS
 * @queues: all existing queues that go from the host to vfio_ap
 */
typedef struct {
  VapReserveMethod method;
  VapMask apmask;
  VapMask aqmask;
  VapQueueSet queues;
  guint n_queues;
} VapPlanReserve;

/* In the order in which they must be done, so that no queue is ever in two matrices. */
typedef enum {
  VAP_PLAN_STEP_SHRINK,  /* the device keeps only @matrix, since another gets the rest */
  VAP_PLAN_STEP_RESERVE, /* as VapPlan.reserve says */
  VAP_PLAN_STEP_CHANGE,  /* the device gets @matrix instead of what it has */
  VAP_PLAN_STEP_CREATE,  /* a device with @matrix */
  VAP_N_PLAN_STEPS,
} VapPlanStepKind;

typedef struct {
  VapPlanStepKind kind;
  guint guest; /* index in VapPlan.guests; 0 for RESERVE */
  VapMatrix matrix;
} VapPlanStep;

/* "shrink", "reserve", "change", "create" */
const char *vap_plan_step_to_string (VapPlanStepKind kind);

/* What is sought, in this order: most, most, fewest, fewest. */
typedef struct {
  guint met;      /* needs */
  guint adapters; /* summed over the guests whose needs are met */
  guint changed;  /* devices there are that get another matrix */
  guint taken;    /* queues that the host loses */
} VapPlanScore;

/**
 * VapPlanConflict:
 * @guests: names; their needs cannot be met together, given what stays as it is
 * @is_smallest: proven: no fewer needs of this plan's that are in conflict
 * @reason: one sentence, translated
 */
typedef struct {
  char **guests;
  gboolean is_smallest;
  char *reason;
} VapPlanConflict;

/**
 * VapPlan:
 * @score: what it achieves
 * @bound: what no plan can surpass, each number by itself given those before it
 * @is_optimal: @score is proven to be the best
 * @is_stopped: it was too much to try all
 * @is_by_clock: it was ended by the clock, so that the next time it may come out
 *   differently
 * @apmask: the host's when the plan was made, likewise aqmask: a plan is for this
 *   state of the host and for no other
 * @guests: VapPlanGuest, in the order of the needs
 * @steps: VapPlanStep
 * @conflicts: VapPlanConflict, one for needs that are not met
 */
typedef struct {
  VapPlanScore score;
  VapPlanScore bound;
  gboolean is_optimal;
  gboolean is_stopped;
  gboolean is_by_clock;
  VapMask apmask;
  VapMask aqmask;
  VapPlanReserve reserve;
  GPtrArray *guests;
  GArray *steps;
  GPtrArray *conflicts;
} VapPlan;

typedef struct {
  gboolean rearrange; /* guests in the needs may be moved, to spread or fit others */
  /* stop with what there is after what a usual machine does in less than this, counted
   * and not timed: so that the same comes every time; 0: 10 */
  double seconds;
} VapPlanOptions;

/**
 * vap_plan_make:
 * @needs: complete (vap_needs_complete())
 * @options: (nullable): NULL for the defaults
 *
 * A guest that has a device already keeps it when it meets the need.
 *
 * Returns: (transfer full): free with vap_plan_free(); NULL with %VAP_ERROR_FAILED when
 *   the host has no AP bus
 */
VapPlan *vap_plan_make (const VapHost *host, const VapNeeds *needs,
                        const VapPlanOptions *options,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

void vap_plan_free (VapPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VapPlan, vap_plan_free)

/**
 * vap_plan_one:
 * @need: complete
 * @matrix: (out): for the guest, from free queues; none is taken from the host
 *
 * For `virt-ap create --profile` and whoever grants one guest at a time.
 *
 * Returns: FALSE with %VAP_ERROR_FAILED and why not
 */
gboolean vap_plan_one (const VapHost *host, const VapNeed *need, VapMatrix *matrix,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* (transfer full): the host as it will be when @plan was carried out: every guest's
 * device active with its matrix, the reserved queues bound to vfio_ap */
VapHost *vap_plan_expected (const VapHost *host, const VapPlan *plan);

/* the document of schemas/plan.schema.json; free with g_free() */
char *vap_plan_to_json (const VapPlan *plan);

/**
 * vap_plan_parse:
 *
 * Returns: (transfer full): NULL with %VAP_ERROR_MALFORMED naming the member; a plan
 *   that anyone may have edited: whoever carries it out judges each matrix
 */
VapPlan *vap_plan_parse (const char *json, gsize length,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* the UUID of a new device for a guest: version 5, from the guest's name; @turn: 0, more
 * when the one before is taken */
void vap_plan_device_uuid (const char *guest, guint turn, char uuid[37]);

G_END_DECLS
