// SPDX-License-Identifier: Apache-2.0
// Takes what is left of web addresses (calls for donations) out of the package-lock.json here.
'use strict';
const fs = require('node:fs');

const file = 'package-lock.json';
const lock = JSON.parse(fs.readFileSync(file, 'utf8'));
for (const entry of Object.values(lock.packages)) {
  delete entry.funding;
  delete entry.resolved;
}
fs.writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
