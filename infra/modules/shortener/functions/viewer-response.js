// Viewer-response function of the redirect behaviour (runtime cloudfront-js-2.0). It runs for every answer below 400,
// from the origin as well as from the cache, fresh or stale; CloudFront does not run it where the origin said 400 or
// more. Its changes reach the visitor and not the cache.
//
// An exception here would be a 503 for the visitor: odd events pass unchanged.

// The page of a link that is over. ASCII, so that its length is its size.
const GONE =
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">' +
    '<title>410</title><h1>This short link is no longer available</h1><p>It has expired.</p>' +
    '<div lang="fr"><h1>Ce lien court n&rsquo;est plus disponible</h1><p>Il a expir&eacute;.</p></div></html>\n';

// What a query may not hold as it is: the special-query percent-encode set of the WHATWG URL standard.
const ENCODED_IN_QUERIES = /[^\x21\x24-\x26\x28-\x3b\x3d\x3f-\x7e]+/g;

function handler(event) {
    const request = event.request || {};
    const response = event.response;
    if (!response || typeof response.headers !== 'object' || response.headers === null || isApi(request.uri)) {
        return response;
    }
    const headers = response.headers;
    const isForwarding = 'x-short-forward-query' in headers;
    const isOver = 'x-short-until' in headers && !(nowSeconds() < seconds(headers['x-short-until']));
    delete headers['x-short-forward-query'];
    delete headers['x-short-until'];
    if (isOver) {
        return gone(response, request.method);
    }
    if (isForwarding && headers.location && typeof headers.location.value === 'string') {
        headers.location = { value: withQuery(headers.location.value, rawQuery(request)) };
    }
    // Edge lifetimes are none of the browser's business: it is to ask each time.
    const cacheControl = headers['cache-control'];
    if (cacheControl && /s-maxage/i.test(cacheControl.value)) {
        headers['cache-control'] = { value: 'no-cache' };
    }
    return response;
}

function isApi(uri) {
    return typeof uri === 'string' && uri.indexOf('/api/') === 0;
}

function nowSeconds() {
    return Math.floor(Date.now() / 1000);
}

// Not a number unless it is a whole one: then the link counts as over, because nobody can say that it is not.
function seconds(header) {
    return header && /^[0-9]{1,15}$/.test(header.value) ? Number(header.value) : NaN;
}

// The status that the origin would send by now.
function gone(response, method) {
    const headers = response.headers;
    delete headers.location;
    delete headers['content-encoding'];
    headers['cache-control'] = { value: 'private, no-store' };
    headers['content-type'] = { value: 'text/html; charset=utf-8' };
    headers['content-security-policy'] = { value: "default-src 'none'" };
    headers['x-robots-tag'] = { value: 'noindex' };
    response.statusCode = 410;
    response.statusDescription = 'Gone';
    if (method !== 'HEAD') {
        headers['content-length'] = { value: String(GONE.length) };
        response.body = { encoding: 'text', data: GONE };
    }
    return response;
}

// The target with the pairs of the visitor's query appended to its own, before the fragment.
function withQuery(target, query) {
    if (!query) {
        return target;
    }
    const hash = target.indexOf('#');
    const address = hash === -1 ? target : target.slice(0, hash);
    const fragment = hash === -1 ? '' : target.slice(hash);
    const mark = address.indexOf('?');
    let joint = '&';
    if (mark === -1) {
        joint = '?';
    } else if (mark === address.length - 1) {
        joint = '';
    }
    return address + joint + encodeQuery(query) + fragment;
}

// As WHATWG serialises a query, which leaves nothing that could end a header.
function encodeQuery(query) {
    return query.replace(/[\t\n\r]/g, '').replace(ENCODED_IN_QUERIES, function (run) {
        try {
            return encodeURIComponent(run).replace(/'/g, '%27');
        } catch (_) {
            return ''; // half a surrogate pair is no text
        }
    });
}

// The query as it was sent; put together from its parts where the runtime does not give it.
function rawQuery(request) {
    if (typeof request.rawQueryString === 'function') {
        return request.rawQueryString();
    }
    const given = request.querystring || {};
    if (typeof given === 'string') {
        return given;
    }
    const pairs = [];
    Object.keys(given).forEach(function (name) {
        const parameter = given[name] || {};
        const parts = Array.isArray(parameter.multiValue) ? parameter.multiValue : [parameter];
        parts.forEach(function (part) {
            pairs.push(name + '=' + ((part && part.value) || ''));
        });
    });
    return pairs.join('&');
}
