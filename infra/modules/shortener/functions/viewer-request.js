// Viewer-request function of both behaviours (runtime cloudfront-js-2.0). It runs before the cache is asked.
//
// The cache key is `x-forwarded-host` and the path, so that both must have one form for one link, and neither may be
// what the visitor likes. The origin believes `x-forwarded-host` and `x-short-distribution-id` because nothing but this
// distribution can reach it. An exception here would be a 503 for the visitor: odd events pass unchanged.

// What no host name has in it, and at most how long it is. Both cases are spelled out: lower-casing first, or the flag
// `i`, would let letters pass that are no ASCII, such as the Kelvin sign for `k`. And there is no `$`, which in this
// runtime also matches before a final line break.
const IN_NO_HOST = /[^A-Za-z0-9_.-]|^\.|\.\./;
const HOST_LENGTH = 253;

// An escape of a character of a code, or of the `+` that asks for the preview. `.` is none of them: decoding it would
// make dot segments. A broken escape makes the origin refuse the whole path, so the path is then left as it is:
// `%%36C` would otherwise become `%6C`, and that a second spelling of `l`.
const ESCAPE = /%([0-9A-Fa-f]{2})/g;
const BROKEN_ESCAPE = /%(?![0-9A-Fa-f]{2})/;
const OF_A_CODE = /^[A-Za-z0-9_+-]$/;

function handler(event) {
    const request = event.request;
    if (!request || typeof request.headers !== 'object' || request.headers === null) {
        return request;
    }
    const context = event.context || {};
    overwrite(request.headers, 'x-forwarded-host', canonicalHost(request.headers.host, context));
    overwrite(request.headers, 'x-short-distribution-id', context.distributionId);
    if (typeof request.uri === 'string') {
        request.uri = canonicalPath(request.uri);
    }
    return request;
}

// Lower case, without port and trailing dot. A host that is no name is taken for the distribution's own, which belongs
// to the default domain: such visitors share one cache entry.
function canonicalHost(header, context) {
    const given = header && typeof header.value === 'string' ? header.value : '';
    const host = given.replace(/:[0-9]*$/, '').replace(/\.$/, '');
    const isName = host !== '' && host.length <= HOST_LENGTH && host.slice(-1) !== '.' && !IN_NO_HOST.test(host);
    return String(isName ? host : context.distributionDomainName || '').toLowerCase();
}

// RFC 3986, section 6.2.2.2, for paths that can be codes. What is an API path, or would become one, stays as it is.
function canonicalPath(path) {
    if (path.indexOf('%') === -1 || BROKEN_ESCAPE.test(path)) {
        return path;
    }
    const decoded = path.replace(ESCAPE, function (escape, digits) {
        const character = String.fromCharCode(parseInt(digits, 16));
        return OF_A_CODE.test(character) ? character : escape;
    });
    return decoded.indexOf('/api/') === 0 ? path : decoded;
}

// Whatever the visitor sent under this name does not survive, however often it was sent.
function overwrite(headers, name, value) {
    if (value) {
        headers[name] = { value: value };
    } else {
        delete headers[name];
    }
}
