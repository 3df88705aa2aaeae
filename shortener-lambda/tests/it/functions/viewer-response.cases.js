// The table of events for viewer-response.js; `caller.js` and the function stand before it.

const NOW = 1795521600;
const EDGE = 'public, max-age=0, s-maxage=60, stale-while-revalidate=60, stale-if-error=86400';

// Answers as the cache or the origin gives them, and as the visitor gets them. `null` stands for a 410.
const ANSWERS = [
    ['a redirect', 302, { location: 'https://e.example/', 'cache-control': EDGE, 'strict-transport-security': 'max-age=1' },
        { location: 'https://e.example/', 'cache-control': 'no-cache', 'strict-transport-security': 'max-age=1' }],
    ['a page that the edge keeps', 200, { 'cache-control': EDGE, 'content-type': 'text/html' },
        { 'cache-control': 'no-cache', 'content-type': 'text/html' }],
    ['a file that browsers keep', 200, { 'cache-control': 'public, max-age=3600' }, { 'cache-control': 'public, max-age=3600' }],
    ['an answer that nobody keeps', 302, { location: 'https://e.example/', 'cache-control': 'private, no-store' },
        { location: 'https://e.example/', 'cache-control': 'private, no-store' }],
    ['a link with a second to live', 302, { location: 'https://e.example/', 'x-short-until': String(NOW + 1) },
        { location: 'https://e.example/' }],
    ['a link that is over', 302, { location: 'https://e.example/', 'x-short-until': String(NOW), 'cache-control': EDGE }, null],
    ['a link that was over long ago', 301, { location: 'https://e.example/', 'x-short-until': '0' }, null],
    ['an end that is no number', 302, { location: 'https://e.example/', 'x-short-until': 'soon' }, null],
    ['an end that is empty', 302, { location: 'https://e.example/', 'x-short-until': '' }, null],
    ['an end that is too large', 302, { location: 'https://e.example/', 'x-short-until': '1e99' }, null],
    ['an end on a page', 200, { 'x-short-until': '1', 'content-length': '9', 'content-encoding': 'gzip' }, null],
];

// The target, the raw query and what `Location` becomes.
const QUERIES = [
    ['https://e.example/', null, 'https://e.example/'],
    ['https://e.example/', '', 'https://e.example/'],
    ['https://e.example/', 'a=1', 'https://e.example/?a=1'],
    ['https://e.example/', 'a', 'https://e.example/?a'],
    ['https://e.example/', '?', 'https://e.example/??'],
    ['https://e.example/', 'a=1&a=2&a=', 'https://e.example/?a=1&a=2&a='],
    ['https://e.example/?x=1', 'a=1', 'https://e.example/?x=1&a=1'],
    ['https://e.example/?', 'a=1', 'https://e.example/?a=1'],
    ['https://e.example/p?x=1#f?g', 'a=1', 'https://e.example/p?x=1&a=1#f?g'],
    ['https://e.example/#f', 'a=1', 'https://e.example/?a=1#f'],
    ['https://e.example/', 'a=%0d%0aset-cookie:%20x=1', 'https://e.example/?a=%0d%0aset-cookie:%20x=1'],
    ['https://e.example/', 'a=\r\nset-cookie: x=1', 'https://e.example/?a=set-cookie:%20x=1'],
    ['https://e.example/', 'a=\u0000\u007f', 'https://e.example/?a=%00%7F'],
    ['https://e.example/', 'a="\'<>', 'https://e.example/?a=%22%27%3C%3E'],
    ['https://e.example/', 'a#b', 'https://e.example/?a%23b'],
    ['https://e.example/', "!$%&()*+,-./:;=?@[\\]^_`{|}~", "https://e.example/?!$%&()*+,-./:;=?@[\\]^_`{|}~"],
    ['https://e.example/', 'a=\u00e9\u2028\ud83d\ude00', 'https://e.example/?a=%C3%A9%E2%80%A8%F0%9F%98%80'],
];

// A query in parts, for a runtime that does not tell the raw one.
const PARTS = [
    [{}, 'https://e.example/'],
    ['a=1', 'https://e.example/?a=1'],
    [{ a: { value: '1' } }, 'https://e.example/?a=1'],
    [{ a: { value: '1', multiValue: [{ value: '1' }, { value: '' }, { value: "'" }] }, b: { value: '' } },
        'https://e.example/?a=1&a=&a=%27&b='],
    [{ a: null, b: { multiValue: [null] }, c: { multiValue: 'x', value: '1' } }, 'https://e.example/?a=&b=&c=1'],
];

// Events that are not as documented: they pass, and nothing throws.
const ODD = [
    {},
    { response: null },
    { response: {} },
    { response: { headers: null } },
    { response: { headers: 'location: a' } },
    { response: { statusCode: 302, headers: { 'cache-control': null, location: {} } } },
];

function event(method, uri, status, headers) {
    return {
        version: '1.0',
        context: { distributionId: 'EDFDVBD6EXAMPLE', eventType: 'viewer-response' },
        viewer: { ip: '198.51.100.11' },
        request: { method: method, uri: uri, querystring: {}, headers: {}, cookies: {} },
        response: { statusCode: status, headers: headersOf(headers), cookies: {} },
    };
}

function run(given) {
    return call(JSON.stringify(given), NOW * 1000 + 999);
}

function wrongAnswers() {
    return [].concat.apply([], ANSWERS.map(function (row) {
        const returned = run(event('GET', '/launch', row[1], row[2]));
        return row[3] === null
            ? wrongInGone(row[0], returned, 'GET').concat(wrongInGone(row[0], run(event('HEAD', '/launch', row[1], row[2])), 'HEAD'))
            : compare(row[0], returned, event('GET', '/launch', row[1], row[3]).response);
    }));
}

function wrongInGone(name, returned, method) {
    const body = returned.body ? returned.body.data : '';
    const length = (returned.headers['content-length'] || {}).value;
    const names = ['location', 'x-short-until', 'content-encoding'].filter(function (header) {
        return header in returned.headers;
    });
    return compare(name + ' ' + method, {
        status: returned.statusCode,
        cache: returned.headers['cache-control'],
        names: names,
        body: body.indexOf('expired') !== -1,
        ascii: /^[\n -~]*$/.test(body),
        length: method === 'HEAD' || length === String(body.length),
    }, {
        status: 410,
        cache: { value: 'private, no-store' },
        names: [],
        body: method === 'GET',
        ascii: true,
        length: true,
    });
}

function wrongQueries() {
    return [].concat.apply([], QUERIES.map(function (row) {
        const given = event('GET', '/launch', 302, { location: row[0], 'x-short-forward-query': '1' });
        given.request.rawQueryString = row[1];
        const wanted = event('GET', '/launch', 302, { location: row[2] }).response;
        const unmarked = event('GET', '/launch', 302, { location: row[0] });
        unmarked.request.rawQueryString = row[1];
        return compare('query ' + JSON.stringify(row), run(given), wanted).concat(
            compare('not to forward ' + JSON.stringify(row), run(unmarked).headers.location, { value: row[0] }));
    }));
}

function wrongParts() {
    return [].concat.apply([], PARTS.map(function (row) {
        const given = event('GET', '/launch', 302, { location: 'https://e.example/', 'x-short-forward-query': '1' });
        given.request.querystring = row[0];
        return compare('parts ' + JSON.stringify(row), run(given).headers.location, { value: row[1] });
    }));
}

// An API answer is the API's, whatever it says.
function wrongApi() {
    const headers = { location: '/api/v1/links/a', 'cache-control': EDGE, 'x-short-until': '1', 'x-short-forward-query': '1' };
    const given = event('POST', '/api/v1/links', 201, headers);
    given.request.rawQueryString = 'a=1';
    return compare('an API answer', run(given), event('POST', '/api/v1/links', 201, headers).response);
}

function oddities() {
    return [].concat.apply([], ODD.map(function (given) {
        return compare('odd ' + JSON.stringify(given), run(given), given.response);
    }));
}

function failures() {
    return wrongAnswers().concat(wrongQueries(), wrongParts(), wrongApi(), oddities());
}
