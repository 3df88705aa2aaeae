// The table of events for viewer-request.js; `caller.js` and the function stand before it.

const DISTRIBUTION = 'd111111abcdef8.cloudfront.net';

// What the visitor says is the host, and what the cache key and the origin get.
const HOSTS = [
    ['go.example.com', 'go.example.com'],
    ['GO.Example.COM', 'go.example.com'],
    ['go.example.com:443', 'go.example.com'],
    ['go.example.com:', 'go.example.com'],
    ['go.example.com.', 'go.example.com'],
    ['Go.Example.COM.:8443', 'go.example.com'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['under_score.example', 'under_score.example'],
    ['D111111ABCDEF8.cloudfront.net', DISTRIBUTION],
    // No names: all of them are one host to the cache.
    ['', DISTRIBUTION],
    ['.', DISTRIBUTION],
    ['go.example.com..', DISTRIBUTION],
    ['.go.example.com', DISTRIBUTION],
    ['go..example.com', DISTRIBUTION],
    ['go.example.com:80:80', DISTRIBUTION],
    ['go.example.com:http', DISTRIBUTION],
    ['go.example.com evil.example', DISTRIBUTION],
    ['go.example.com,evil.example', DISTRIBUTION],
    ['go.example.com/evil', DISTRIBUTION],
    ['go.example.com?evil', DISTRIBUTION],
    ['go.example.com#evil', DISTRIBUTION],
    ['go.example.com\\evil', DISTRIBUTION],
    ['evil@go.example.com', DISTRIBUTION],
    ['go.example.com\r\nx-short-until: 1', DISTRIBUTION],
    ['go.example.com\u0000', DISTRIBUTION],
    ['go.example.com\n', DISTRIBUTION],
    ['[2001:db8::1]:443', DISTRIBUTION],
    ['b\u00fccher.example', DISTRIBUTION],
    ['\u212autt.example', DISTRIBUTION],
    ['{{7*7}}', DISTRIBUTION],
    ['"><script>', DISTRIBUTION],
    [new Array(255).join('a'), DISTRIBUTION],
    [new Array(8192).join('a.'), DISTRIBUTION],
];

// The path that the visitor asks for, and the one that is cached and asked of the origin.
const PATHS = [
    ['/launch', '/launch'],
    ['/', '/'],
    ['/launch+', '/launch+'],
    ['/%6Caunch', '/launch'],
    ['/%6c%61%75%6E%63%68', '/launch'],
    ['/launch%2B', '/launch+'],
    ['/launch%2b', '/launch+'],
    ['/%41-Z_9%2d%5F%30', '/A-Z_9-_0'],
    // What is decoded is no escape again.
    ['/%256Caunch', '/%256Caunch'],
    ['/%25%36Caunch', '/%256Caunch'],
    // Broken escapes: the origin refuses the path, so that it must not turn into another that is accepted.
    ['/%6Caunch%', '/%6Caunch%'],
    ['/%6Caunch%2', '/%6Caunch%2'],
    ['/%6Caunch%zz', '/%6Caunch%zz'],
    ['/%%36Caunch', '/%%36Caunch'],
    ['/%6%43aunch', '/%6%43aunch'],
    ['/%u006Caunch', '/%u006Caunch'],
    // Nothing that a code is made of stays as it is.
    ['/%C3%A9', '/%C3%A9'],
    ['/a%2Fb', '/a%2Fb'],
    ['/%2E%2e/launch', '/%2E%2e/launch'],
    ['/a%00%0d%0a', '/a%00%0d%0a'],
    ['/a%20%7E%3F%23%5C', '/a%20%7E%3F%23%5C'],
    ['/\u00e9', '/\u00e9'],
    ['//launch', '//launch'],
    // The API's paths are none of this function's business, nor can a path be made one.
    ['/api/v1/links/%6Caunch', '/api/v1/links/%6Caunch'],
    ['/api/v1/links/a%2Bb', '/api/v1/links/a%2Bb'],
    ['/%61pi/v1/links', '/%61pi/v1/links'],
    ['/api', '/api'],
    ['/%61pi', '/api'],
];

// Events that are not as documented: they pass, and nothing throws.
const ODD = [
    {},
    { request: null },
    { request: {} },
    { request: { headers: null } },
    { request: { headers: 'host: a' } },
    { request: { uri: '/a' }, context: null },
];

function event(host, uri, headers) {
    const all = headersOf(headers || {});
    all.host = { value: host };
    return {
        version: '1.0',
        context: { distributionDomainName: DISTRIBUTION, distributionId: 'EDFDVBD6EXAMPLE', eventType: 'viewer-request' },
        viewer: { ip: '198.51.100.11' },
        request: { method: 'GET', uri: uri, querystring: { a: { value: '1' } }, headers: all, cookies: { c: { value: '1' } } },
    };
}

function run(given) {
    return call(JSON.stringify(given), 0);
}

function wrongHosts() {
    return [].concat.apply([], HOSTS.map(function (pair) {
        const wanted = event(pair[0], '/launch', {
            'x-forwarded-host': pair[1],
            'x-short-distribution-id': 'EDFDVBD6EXAMPLE',
        }).request;
        return compare('host ' + JSON.stringify(pair[0]), run(event(pair[0], '/launch')), wanted);
    }));
}

function wrongPaths() {
    return [].concat.apply([], PATHS.map(function (pair) {
        const once = run(event('go.example.com', pair[0])).uri;
        const twice = run(event('go.example.com', once)).uri;
        return compare('path ' + pair[0], once, pair[1]).concat(compare('path again ' + pair[0], twice, pair[1]));
    }));
}

// A visitor's own values for the two headers, once or several times, are gone.
function survivors() {
    const given = event('go.example.com', '/launch');
    ['x-forwarded-host', 'x-short-distribution-id'].forEach(function (name) {
        given.request.headers[name] = { value: 'evil', multiValue: [{ value: 'evil' }, { value: 'worse' }] };
    });
    const wanted = event('go.example.com', '/launch', {
        'x-forwarded-host': 'go.example.com',
        'x-short-distribution-id': 'EDFDVBD6EXAMPLE',
    }).request;
    const found = compare('forged headers', run(given), wanted);
    delete given.context;
    given.request.headers.host = { value: '?' };
    const bare = event('?', '/launch').request;
    return found.concat(compare('forged headers without a context', run(given), bare));
}

function oddities() {
    return [].concat.apply([], ODD.map(function (given) {
        return compare('odd ' + JSON.stringify(given), run(given), given.request);
    }));
}

function failures() {
    return wrongHosts().concat(wrongPaths(), survivors(), oddities());
}
