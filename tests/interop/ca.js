// SPDX-License-Identifier: Apache-2.0
// Calls a CA with fabric-ca-client: `ca.js JOB`, JOB = a JSON file with {url, tls_ca, ca_name, msp,
// people: {name: {certificate, key}}, steps: [{do: a verb below, ...}]}. A step's `as` names who
// calls, `keep` under which name whoever it enrols calls later. Prints one JSON document a step.
'use strict';
const fs = require('node:fs');
const FabricCAServices = require('fabric-ca-client');
const { User } = require('fabric-common');

class Session {
  constructor(job) {
    const tls = { trustedRoots: Buffer.from(job.tls_ca), verify: true };
    this.ca = new FabricCAServices(job.url, tls, job.ca_name);
    this.msp = job.msp;
    this.people = {};
    for (const [name, { certificate, key }] of Object.entries(job.people)) {
      this.people[name] = this.user(name, certificate, key);
    }
  }

  user(name, certificate, key) {
    return User.createUser(name, null, this.msp, certificate, key);
  }

  kept({ keep }, { certificate, key, rootCertificate }) {
    const made = { certificate, key: key.toBytes(), root: rootCertificate };
    this.people[keep] = this.user(keep, made.certificate, made.key);
    return made;
  }

  async enroll(step) {
    const { id: enrollmentID, secret: enrollmentSecret } = step;
    return this.kept(step, await this.ca.enroll({ enrollmentID, enrollmentSecret }));
  }

  async reenroll(step) {
    return this.kept(step, await this.ca.reenroll(this.people[step.as]));
  }

  async register(step) {
    const request = {
      enrollmentID: step.id,
      enrollmentSecret: step.secret,
      affiliation: '',
      role: 'client',
      maxEnrollments: step.times,
      attrs: [{ name: 'pmcb.role', value: step.role, ecert: true }],
    };
    return { secret: await this.ca.register(request, this.people[step.as]) };
  }

  async revoke({ as, request }) {
    return (await this.ca.revoke(request, this.people[as])).result;
  }

  // `period` has moments under the client's own names.
  async list({ as, period }) {
    const request = {};
    for (const [name, moment] of Object.entries(period)) {
      request[name] = new Date(moment);
    }
    return { CRL: await this.ca.generateCRL(request, this.people[as]) };
  }
}

async function main(job) {
  const session = new Session(job);
  for (const step of job.steps) {
    const told = (error) => ({ error: error.message });
    console.log(JSON.stringify(await session[step.do](step).catch(told)));
  }
}

main(JSON.parse(fs.readFileSync(process.argv[2], 'utf8'))).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
