// SPDX-License-Identifier: Apache-2.0
// Takes what is left of web addresses (calls for donations) out of package-lock.json.
'use strict';
const fs = require('node:fs');
const path = require('node:path');

const file = path.join(__dirname, 'package-lock.json');
const lock = JSON.parse(fs.readFileSync(file, 'utf8'));
for (const entry of Object.values(lock.packages)) {
  delete entry.funding;
  delete entry.resolved;
}
fs.writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
