// Calls the handler as the runtime does. Shared by the engines that the functions are tested in.

// Sets the clock, in milliseconds since 1970.
function setClock(milliseconds) {
    Date.now = function () {
        return milliseconds;
    };
}

// The runtime tells the raw query by a method; in a test's event it is a value, `null` where there is no query.
function withRawQuery(event) {
    const request = event.request;
    if (request && request.rawQueryString !== undefined) {
        const query = request.rawQueryString;
        delete request.rawQueryString;
        Object.defineProperty(request, 'rawQueryString', {
            value: function () {
                return query === null ? undefined : query;
            },
        });
    }
    return event;
}

function call(event, milliseconds) {
    setClock(milliseconds);
    return handler(withRawQuery(JSON.parse(event)));
}

// From text to text, for engines that are asked from outside.
function callWithText(event, milliseconds) {
    return JSON.stringify({ returned: call(event, milliseconds) });
}

// What one case of a table finds wrong, if anything.
function compare(name, returned, expected) {
    const got = JSON.stringify(sorted(returned));
    const wanted = JSON.stringify(sorted(expected));
    return got === wanted ? [] : [name + ':\n     got ' + got + '\n  wanted ' + wanted];
}

// The same value with the keys of its objects in order.
function sorted(value) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
        return value;
    }
    const copy = {};
    Object.keys(value)
        .sort()
        .forEach(function (key) {
            copy[key] = sorted(value[key]);
        });
    return copy;
}

// Headers as the runtime has them, from plain ones: `{ a: '1' }` becomes `{ a: { value: '1' } }`.
function headersOf(plain) {
    const headers = {};
    Object.keys(plain).forEach(function (name) {
        headers[name] = { value: plain[name] };
    });
    return headers;
}
