/* SPDX-License-Identifier: Apache-2.0 */
/* Symbol visibility of the installed library. */
#pragma once

#define ANNOT_API __attribute__ ((visibility ("default")))
