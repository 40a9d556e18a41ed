/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the identity share. */
#pragma once

#include "annot-identity.h"
#include "annot-lockout.h"
#include "annot-password-checker.h"
#include "annot-revocations.h"
#include "annot-token-cache.h"

G_BEGIN_DECLS

struct _AnnotIdentity {
  GObject parent_instance;
  AnnotConfig *config;
  AnnotStore *store;
  AnnotRevocations *revocations;
  AnnotTokenCache *tokens;
  AnnotPasswordChecker *passwords;
  AnnotLockout *lockout;
  GBytes *secret; /* nullable: before the start */
};

G_END_DECLS
