// SPDX-License-Identifier: Apache-2.0
// Enrols and registers with fabric-ca-client: `ca.js JOB`, JOB = a JSON file with
// {url, tls_ca, ca_name, msp, registrar: [id, secret], name, role}. Prints one JSON document.
'use strict';
const fs = require('node:fs');
const FabricCAServices = require('fabric-ca-client');
const { User } = require('fabric-common');

async function main(job) {
  const tls = { trustedRoots: Buffer.from(job.tls_ca), verify: true };
  const ca = new FabricCAServices(job.url, tls, job.ca_name);
  const [enrollmentID, enrollmentSecret] = job.registrar;
  const first = await ca.enroll({ enrollmentID, enrollmentSecret });
  const registrar = User.createUser(
    enrollmentID, null, job.msp, first.certificate, first.key.toBytes());
  const request = {
    enrollmentID: job.name,
    affiliation: '',
    role: 'client',
    maxEnrollments: 1,
    attrs: [{ name: 'pmcb.role', value: job.role, ecert: true }],
  };
  const secret = await ca.register(request, registrar);
  const again = await ca.register(request, registrar).then(() => '', (error) => error.message);
  const enroll = { enrollmentID: job.name, enrollmentSecret: secret };
  const made = await ca.enroll(enroll);
  const usedUp = await ca.enroll(enroll).then(() => '', (error) => error.message);
  console.log(JSON.stringify({
    certificate: made.certificate,
    key: made.key.toBytes(),
    root: made.rootCertificate,
    again,
    usedUp,
  }));
}

main(JSON.parse(fs.readFileSync(process.argv[2], 'utf8'))).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
