/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * --keep: a lab that goes on in the background when virt-ap-lab has returned.
 */
#pragma once

#include "options.h"

G_BEGIN_DECLS

/* Returns: 0 when the lab is up; LAB_EXIT_FAILED when it could not be had, and that was
 * said */
int lab_keep (LabOptions *options);

G_END_DECLS
