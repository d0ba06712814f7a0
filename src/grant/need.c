/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the planner knows of profiles, for choice.c. */
#include "config.h"

#include "grant/need.h"

#include <glib/gi18n-lib.h>

#include "plan/plan.h"

static const VapCard *
find_card (const VapHost *host, gint adapter)
{
  for (guint i = 0; i < host->cards->len; i++) {
    const VapCard *card = host->cards->pdata[i];

    if (card->id == adapter)
      return card;
  }
  return NULL;
}

static gboolean
accepts (const VapHost *host, const VapMatrix *matrix, gconstpointer need)
{
  VAP_MASK_FOREACH (&matrix->adapters, adapter) {
    const VapCard *card = find_card (host, adapter);

    if (card == NULL || !card->config || card->checkstop ||
        !vap_need_takes_card (need, card->hwtype, card->mode))
      return FALSE;
  }
  return vap_need_accepts (need, matrix);
}

static gboolean
plan (const VapHost *host, gconstpointer need, VapMatrix *matrix, GError **error)
{
  return vap_plan_one (host, need, matrix, error);
}

gboolean
vap_grant_need_find (const char *root, const char *name, VapProfiles **profiles,
                     VapGrantNeed *need, GError **error)
{
  g_autoptr (VapProfiles) all = vap_profiles_read (root, error);
  const VapProfile *profile;

  *profiles = NULL;
  if (all == NULL)
    return FALSE;
  profile = vap_profiles_find (all, name);
  if (profile == NULL) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_MALFORMED,
                 _ ("there is no profile '%s' in '%s' on this host"), name,
                 VAP_PROFILES_DIR);
    return FALSE;
  }
  *need = (VapGrantNeed){ profile->name, accepts, plan, profile->need };
  *profiles = g_steal_pointer (&all);
  return TRUE;
}
