/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A plan's JSON document read back, for `virt-ap apply`: strictly, since a person may
 * have edited it.
 */
#include "config.h"

#include "plan/plan-priv.h"

#include "json/json.h"

#include <glib/gi18n-lib.h>
#include <string.h>

static gboolean
refuse (GError **error, const char *name, const char *expected)
{
  g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED, _ ("%s: %s is expected"), name,
               expected);
  return FALSE;
}

/* @optional: null gives NULL */
static gboolean
read_string (const json_t *object, const char *name, gboolean optional, char **value,
             GError **error)
{
  const json_t *member = json_object_get (object, name);

  *value = NULL;
  if (json_is_string (member))
    *value = g_strdup (json_string_value (member));
  else if (!optional || !json_is_null (member))
    return refuse (error, name, _ ("a text"));
  return TRUE;
}

static gboolean
read_uint (const json_t *object, const char *name, guint *value, GError **error)
{
  const json_t *member = json_object_get (object, name);

  if (!json_is_integer (member) || json_integer_value (member) < 0 ||
      json_integer_value (member) > G_MAXINT32)
    return refuse (error, name, _ ("a number"));
  *value = (guint) json_integer_value (member);
  return TRUE;
}

static gboolean
read_bool (const json_t *object, const char *name, gboolean *value, GError **error)
{
  const json_t *member = json_object_get (object, name);

  if (!json_is_boolean (member))
    return refuse (error, name, _ ("true or false"));
  *value = json_is_true (member);
  return TRUE;
}

static gboolean
read_bits (const json_t *object, const char *name, VapMask *mask, GError **error)
{
  const char *text = json_string_value (json_object_get (object, name));

  if (text == NULL)
    return refuse (error, name, _ ("a mask"));
  if (vap_mask_parse (text, 2 * VAP_MASK_BYTES, mask, error))
    return TRUE;
  g_prefix_error (error, "%s: ", name);
  return FALSE;
}

static gboolean
read_numbers (const json_t *object, const char *name, VapMask *mask, GError **error)
{
  const json_t *list = json_object_get (object, name);

  if (!json_is_array (list))
    return refuse (error, name, _ ("a list of numbers"));
  for (size_t i = 0; i < json_array_size (list); i++) {
    const json_t *number = json_array_get (list, i);

    if (!json_is_integer (number) || json_integer_value (number) < 0 ||
        json_integer_value (number) >= VAP_MASK_BITS)
      return refuse (error, name, _ ("numbers from 0 to 255"));
    vap_mask_set (mask, (guint) json_integer_value (number));
  }
  return TRUE;
}

static gboolean
read_matrix (const json_t *object, const char *name, VapMatrix *matrix, GError **error)
{
  const json_t *member = json_object_get (object, name);

  if (json_is_object (member) &&
      read_numbers (member, "adapters", &matrix->adapters, error) &&
      read_numbers (member, "domains", &matrix->domains, error) &&
      read_numbers (member, "control_domains", &matrix->control_domains, error))
    return TRUE;
  if (!json_is_object (member))
    return refuse (error, name, _ ("a matrix"));
  g_prefix_error (error, "%s: ", name);
  return FALSE;
}

/* the index of @object's member @name among @names, -1 with @error */
static gint
read_word (const json_t *object, const char *name, const char *const *names,
           guint n_names, GError **error)
{
  const char *word = json_string_value (json_object_get (object, name));

  for (guint i = 0; word != NULL && i < n_names; i++) {
    if (g_str_equal (word, names[i]))
      return (gint) i;
  }
  (void) refuse (error, name, _ ("a word that this version knows"));
  return -1;
}

static gboolean
read_score (const json_t *object, const char *name, VapPlanScore *score, GError **error)
{
  const json_t *member = json_object_get (object, name);

  return read_uint (member, "met", &score->met, error) &&
         read_uint (member, "adapters", &score->adapters, error) &&
         read_uint (member, "changed", &score->changed, error) &&
         read_uint (member, "taken", &score->taken, error);
}

/* calls @func with each object of the list @name */
static gboolean
read_list (const json_t *object, const char *name, VapPlan *plan,
           gboolean (*func) (VapPlan *, const json_t *, GError **), GError **error)
{
  const json_t *list = json_object_get (object, name);

  if (!json_is_array (list))
    return refuse (error, name, _ ("a list"));
  for (size_t i = 0; i < json_array_size (list); i++) {
    if (!func (plan, json_array_get (list, i), error)) {
      g_prefix_error (error, "%s[%zu]: ", name, i);
      return FALSE;
    }
  }
  return TRUE;
}

static gboolean
take_queues (VapPlan *plan, const json_t *row, GError **error)
{
  VapMask domains = { 0 };
  guint adapter;

  if (!read_uint (row, "adapter", &adapter, error) ||
      !read_numbers (row, "domains", &domains, error))
    return FALSE;
  if (adapter >= VAP_MASK_BITS)
    return refuse (error, "adapter", _ ("a number from 0 to 255"));
  plan->reserve.queues.domains[adapter] =
      vap_mask_or (&plan->reserve.queues.domains[adapter], &domains);
  return TRUE;
}

static gboolean
read_reserve (VapPlan *plan, const json_t *object, GError **error)
{
  const json_t *member = json_object_get (object, "reserve");
  gint method = read_word (member, "method", vap_reserve_method_names,
                           G_N_ELEMENTS (vap_reserve_method_names), error);

  if (method < 0 || !read_bits (member, "apmask", &plan->reserve.apmask, error) ||
      !read_bits (member, "aqmask", &plan->reserve.aqmask, error) ||
      !read_list (member, "queues", plan, take_queues, error))
    return FALSE;
  plan->reserve.method = (VapReserveMethod) method;
  for (guint i = 0; i < VAP_MASK_BITS; i++)
    plan->reserve.n_queues += vap_mask_count (&plan->reserve.queues.domains[i]);
  return TRUE;
}

/* a canonical UUID, or NULL for null */
static gboolean
read_uuid (const json_t *object, char **uuid, GError **error)
{
  char canonical[37];

  if (!read_string (object, "uuid", TRUE, uuid, error))
    return FALSE;
  if (*uuid == NULL)
    return TRUE;
  if (!vap_uuid_canonical (*uuid, canonical))
    return refuse (error, "uuid", _ ("a UUID"));
  g_free (*uuid);
  *uuid = g_strdup (canonical);
  return TRUE;
}

static gboolean
take_guest (VapPlan *plan, const json_t *object, GError **error)
{
  VapPlanGuest *guest = g_new0 (VapPlanGuest, 1);
  gint action;

  g_ptr_array_add (plan->guests, guest);
  action = read_word (object, "action", vap_plan_action_names, VAP_N_PLAN_ACTIONS, error);
  if (action < 0 || !read_string (object, "guest", FALSE, &guest->guest, error) ||
      !read_uuid (object, &guest->uuid, error) ||
      !read_matrix (object, "matrix", &guest->matrix, error) ||
      !read_bool (object, "active", &guest->is_active, error) ||
      !read_bool (object, "defined", &guest->is_defined, error) ||
      !read_string (object, "reason", TRUE, &guest->reason, error))
    return FALSE;
  guest->action = (VapPlanAction) action;
  guest->has_before = !json_is_null (json_object_get (object, "before"));
  if (guest->uuid == NULL && guest->action != VAP_PLAN_UNMET)
    return refuse (error, "uuid", _ ("a UUID"));
  return !guest->has_before || read_matrix (object, "before", &guest->before, error);
}

static gboolean
take_step (VapPlan *plan, const json_t *object, GError **error)
{
  VapPlanStep step = { 0 };
  gint kind = read_word (object, "step", vap_plan_step_names, VAP_N_PLAN_STEPS, error);
  const char *uuid = json_string_value (json_object_get (object, "uuid"));
  guint guest = 0;

  if (kind < 0)
    return FALSE;
  step.kind = (VapPlanStepKind) kind;
  if (step.kind != VAP_PLAN_STEP_RESERVE) {
    while (guest < plan->guests->len &&
           g_strcmp0 (uuid, ((VapPlanGuest *) plan->guests->pdata[guest])->uuid) != 0)
      guest++;
    if (uuid == NULL || guest == plan->guests->len)
      return refuse (error, "uuid", _ ("the UUID of one of the guests' devices"));
    if (!read_matrix (object, "matrix", &step.matrix, error))
      return FALSE;
    step.guest = guest;
  }
  g_array_append_val (plan->steps, step);
  return TRUE;
}

static gboolean
take_conflict (VapPlan *plan, const json_t *object, GError **error)
{
  VapPlanConflict *conflict = g_new0 (VapPlanConflict, 1);
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  const json_t *list = json_object_get (object, "guests");

  g_ptr_array_add (plan->conflicts, conflict);
  for (size_t i = 0; i < json_array_size (list); i++) {
    const char *name = json_string_value (json_array_get (list, i));

    if (name == NULL)
      return refuse (error, "guests", _ ("a list of names"));
    g_strv_builder_add (names, name);
  }
  conflict->guests = g_strv_builder_end (names);
  return read_bool (object, "smallest", &conflict->is_smallest, error) &&
         read_string (object, "reason", TRUE, &conflict->reason, error);
}

static gboolean
read_head (VapPlan *plan, const json_t *root, GError **error)
{
  const char *format = json_string_value (json_object_get (root, "format"));
  const json_t *host = json_object_get (root, "host");
  guint version;

  if (g_strcmp0 (format, VAP_PLAN_FORMAT) != 0) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED, _ ("this is no plan of virt-ap"));
    return FALSE;
  }
  if (!read_uint (root, "version", &version, error))
    return FALSE;
  if (version != VAP_PLAN_VERSION) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("the plan has version %u of the format; this virt-ap knows %u"),
                 version, VAP_PLAN_VERSION);
    return FALSE;
  }
  return read_bits (host, "apmask", &plan->apmask, error) &&
         read_bits (host, "aqmask", &plan->aqmask, error) &&
         read_score (root, "score", &plan->score, error) &&
         read_score (root, "bound", &plan->bound, error) &&
         read_bool (root, "optimal", &plan->is_optimal, error) &&
         read_bool (root, "stopped", &plan->is_stopped, error) &&
         /* not in plans of earlier virt-aps */
         (json_object_get (root, "by_clock") == NULL ||
          read_bool (root, "by_clock", &plan->is_by_clock, error));
}

VapPlan *
vap_plan_parse (const char *json, gsize length, GError **error)
{
  json_auto_t *root = vap_json_parse (json, length, VAP_PLAN_MAX, error);
  g_autoptr (VapPlan) plan = vap_plan_new ();

  if (root == NULL || !read_head (plan, root, error) ||
      !read_reserve (plan, root, error) ||
      !read_list (root, "guests", plan, take_guest, error) ||
      !read_list (root, "steps", plan, take_step, error) ||
      !read_list (root, "conflicts", plan, take_conflict, error))
    return NULL;
  return g_steal_pointer (&plan);
}
