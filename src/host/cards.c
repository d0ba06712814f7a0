/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The cards of the AP bus: a few attributes each.  A card that cannot be read
 * whole is a problem to tell, and stays in the snapshot with what is known.
 * Source: Linux drivers/s390/crypto/ap_card.c, zcrypt_card.c
 */
#include "config.h"

#include "host/priv.h"

/* the highest value of a type field in TAPQ's answer (union ap_queue_info) */
#define HWTYPE_MAX 255u

/* @value stays as it is when there is no such attribute */
static void
read_card_number (VapHost *host, const char *dir, const char *name, guint max,
                  guint *value)
{
  g_autofree char *path = g_build_filename (dir, name, NULL);
  g_autoptr (GError) error = NULL;

  if (vap_sysfs_read_number (host->root, path, max, value, &error) > VAP_READ_ABSENT)
    vap_host_take_problem (host, g_strdup (error->message));
}

static char *
read_card_type (VapHost *host, const char *dir)
{
  g_autofree char *path = g_build_filename (dir, "type", NULL);
  g_autoptr (GError) error = NULL;
  char *type = NULL;

  if (vap_sysfs_read (host->root, path, &type, &error) > VAP_READ_ABSENT)
    vap_host_take_problem (host, g_strdup (error->message));
  return type;
}

/* An attribute that an older kernel lacks (config, chkstop)
 * is taken as good. */
static VapCard *
read_card (VapHost *host, guint adapter)
{
  g_autofree char *dir = g_strdup_printf ("/sys/devices/ap/card%02x", adapter);
  VapCard *card = g_new0 (VapCard, 1);
  guint config = 1, checkstop = 0, online = 1;

  card->id = (guint8) adapter;
  card->type = read_card_type (host, dir);
  card->mode = card->type != NULL ? vap_card_mode_of (card->type) : VAP_CARD_MODE_UNKNOWN;
  read_card_number (host, dir, "hwtype", HWTYPE_MAX, &card->hwtype);
  read_card_number (host, dir, "config", 1, &config);
  read_card_number (host, dir, "chkstop", 1, &checkstop);
  read_card_number (host, dir, "online", 1, &online);
  card->config = config == 1;
  card->checkstop = checkstop == 1;
  card->online = online == 1;
  return card;
}

void
vap_host_read_cards (VapHost *host, const VapMask *present)
{
  VAP_MASK_FOREACH (present, adapter)
    g_ptr_array_add (host->cards, read_card (host, (guint) adapter));
}

void
vap_card_free (VapCard *card)
{
  g_free (card->type);
  g_free (card);
}
