/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How the subcommands show findings: for people, errors first, and as JSON.
 */
#pragma once

#include "check/finding.h"
#include "json/writer.h"
#include "output.h"

G_BEGIN_DECLS

/* @prefix: in front of each, such as a file's name and ": "; "" for none */
void findings_add_text (Output *output, const char *prefix, const VapFindings *findings);

void finding_add_text (Output *output, const char *prefix, const VapFinding *finding);

/* @file: (nullable): the member file; NULL leaves it out */
void finding_add_json (VapJson *json, const char *file, const VapFinding *finding);

/* each of them, into the array that is open */
void findings_add_json (VapJson *json, const char *file, const VapFindings *findings);

/* adds a copy of each of @from to @to */
void findings_copy (VapFindings *to, const VapFindings *from);

G_END_DECLS
