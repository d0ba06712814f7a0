/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Matrices and sets of queues in the host document.
 */
#include "config.h"

#include "host/document-priv.h"

static const VapField matrix_fields[] = {
  VAP_FIELD (VapMatrix, adapters, VAP_FIELD_MASK, 0),
  VAP_FIELD (VapMatrix, domains, VAP_FIELD_MASK, 0),
  VAP_FIELD (VapMatrix, control_domains, VAP_FIELD_MASK, 0),
};

/* of a product of queues, where control domains have no place */
#define N_PRODUCT_FIELDS 2u

void
vap_document_add_matrix (VapJson *json, const char *name, const VapMatrix *matrix)
{
  vap_json_begin_object_named (json, name);
  vap_fields_add (json, matrix_fields, G_N_ELEMENTS (matrix_fields), matrix);
  vap_json_end_object (json);
}

gboolean
vap_document_read_matrix (const json_t *object, const char *name, VapMatrix *matrix,
                          GError **error)
{
  const json_t *member;

  if (!vap_json_read_object (object, name, FALSE, &member, error))
    return FALSE;
  if (vap_fields_read (member, matrix_fields, G_N_ELEMENTS (matrix_fields), matrix,
                       error))
    return TRUE;
  g_prefix_error (error, "%s: ", name);
  return FALSE;
}

void
vap_document_add_queues (VapJson *json, const char *name, const VapQueueSet *queues)
{
  VapMask done = { 0 };

  vap_json_begin_array_named (json, name);
  for (guint adapter = 0; adapter < VAP_MASK_BITS; adapter++) {
    VapMatrix product = { .domains = queues->domains[adapter] };

    if (vap_mask_test (&done, adapter) || vap_mask_is_empty (&product.domains))
      continue;
    for (guint other = adapter; other < VAP_MASK_BITS; other++) {
      if (vap_mask_equal (&queues->domains[other], &product.domains))
        vap_mask_set (&product.adapters, other);
    }
    done = vap_mask_or (&done, &product.adapters);
    vap_json_begin_object (json);
    vap_fields_add (json, matrix_fields, N_PRODUCT_FIELDS, &product);
    vap_json_end_object (json);
  }
  vap_json_end_array (json);
}

static gboolean
read_product (const json_t *element, gpointer user_data, GError **error)
{
  VapQueueSet *queues = user_data;
  VapMatrix product = { 0 };

  if (!vap_fields_read (element, matrix_fields, N_PRODUCT_FIELDS, &product, error))
    return FALSE;
  VAP_MASK_FOREACH (&product.adapters, adapter) {
    queues->domains[adapter] = vap_mask_or (&queues->domains[adapter], &product.domains);
  }
  return TRUE;
}

gboolean
vap_document_read_queues (const json_t *object, const char *name, VapQueueSet *queues,
                          GError **error)
{
  return vap_json_each (object, name, read_product, queues, error);
}
