/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tables of QCI bits and PQAP functions.
 * Source: Linux arch/s390/include/asm/ap.h (ap_tapq() to ap_aapq()),
 * drivers/s390/crypto/ap_bus.c features_show().
 */
#include "ap/pqap.h"

#include "config.h"

#include <glib/gi18n-lib.h>

static const char *const qci_names[] = { "APSC", "APXA", "QACT", "RC8A", "APSB" };

static const VapPqapFunction pqap_functions[] = {
  { 0, "TAPQ", N_ ("test queue"), VAP_FEATURE_AP, 0 },
  { 1, "RAPQ", N_ ("reset queue"), VAP_FEATURE_AP, 0 },
  { 2, "ZAPQ", N_ ("reset and zeroize queue"), VAP_FEATURE_AP, 0 },
  { 3, "AQIC", N_ ("interruption control"), VAP_FEATURE_APQI, 0 },
  { 4, "QCI", N_ ("query configuration"), VAP_FEATURE_APQCI, 0 },
  { 5, "QACT", N_ ("query compatible type"), VAP_FEATURE_APQCI, VAP_QCI_QACT },
  { 7, "BAPQ", N_ ("bind queue"), VAP_FEATURE_APQCI, VAP_QCI_APSB },
  { 8, "AAPQ", N_ ("associate queue"), VAP_FEATURE_APQCI, VAP_QCI_APSB },
  { 0, NULL, NULL, VAP_FEATURE_NONE, 0 },
};

guint
vap_qci_parse (const char *text)
{
  g_auto (GStrv) words = g_strsplit_set (text, " \n", -1);
  guint bits = 0;

  for (guint i = 0; i < G_N_ELEMENTS (qci_names); i++) {
    if (g_strv_contains ((const char *const *) words, qci_names[i]))
      bits |= 1u << i;
  }

  return bits;
}

const char *
vap_qci_name (guint bit)
{
  for (guint i = 0; i < G_N_ELEMENTS (qci_names); i++) {
    if (bit == 1u << i)
      return qci_names[i];
  }

  return NULL;
}

const VapPqapFunction *
vap_pqap_functions (void)
{
  return pqap_functions;
}

const VapPqapFunction *
vap_pqap_function_find (guint fc)
{
  for (const VapPqapFunction *function = pqap_functions; function->name != NULL;
       function++) {
    if (function->fc == fc)
      return function;
  }
  return NULL;
}
