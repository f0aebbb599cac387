// What a program with jsforce does; the test compares what it prints.
const jsforce = require('jsforce');

async function main(url, token) {
  const org = new jsforce.Connection({ instanceUrl: url, accessToken: token, version: '66.0' });
  const contacts = org.sobject('Contact');
  const made = await contacts.create([
    { LastName: 'A', Email: 'a@example.com' },
    { LastName: 'B', Email: 'b@example.com' },
  ]);
  const upserted = await contacts.upsert([
    { LastName: 'C', Email: 'A@example.com' },
    { LastName: 'D', Email: 'd@example.com' },
  ], 'Email');
  await contacts.update({ Id: made[0].id, Title: 'Clerk' });
  const found = await org.query('SELECT LastName, Title, Owner.Name FROM Contact ORDER BY LastName');
  const bulk = await org.bulk2.loadAndWaitForResults({
    object: 'Contact',
    operation: 'upsert',
    externalIdFieldName: 'Email',
    input: [
      { LastName: 'E', Email: 'b@example.com' },
      { LastName: 'F', Email: 'f@example.com' },
      { LastName: 'G', Email: 'nonsense' },
    ],
    pollInterval: 20,
    pollTimeout: 20000,
  });
  const rows = await (await org.bulk2.query('SELECT LastName FROM Contact ORDER BY LastName')).toArray();
  await contacts.destroy(made[1].id);
  const refused = await contacts.create({ Title: 'x' }).catch((error) => error.errorCode);
  return {
    created: upserted.map((each) => each.created),
    found: found.records.map((each) => [each.LastName, each.Title, each.Owner.Name]),
    loaded: bulk.successfulResults.map((each) => each.sf__Created),
    failed: bulk.failedResults.map((each) => each.sf__Error.split(':')[0]),
    rows: rows.map((each) => each.LastName),
    refused,
    fields: (await contacts.describe()).fields.length,
    limit: org.limitInfo.apiUsage.limit,
    username: (await org.identity()).username,
  };
}

main(...process.argv.slice(2)).then((told) => console.log(JSON.stringify(told)), (error) => {
  console.error(error);
  process.exit(1);
});
