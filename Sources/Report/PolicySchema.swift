package import Document
package import Policy

/// JSON Schemas of the kinds of document, made from what their reader asks for.
///
/// Draft 7: of the drafts that editors (the YAML language server) and kubeconform both know whole,
/// the newest. `null` is allowed wherever a field may be absent, as the reader takes the two alike.
package enum PolicySchema {
    private static let draft = "http://json-schema.org/draft-07/schema#"

    /// The schema of one kind of document.
    package static func schema(of kind: DocumentShape) -> JSONValue {
        let head: JSONValue = .object([
            "$schema": .string(draft), "title": .string("Cattleguard \(kind.name)"),
        ])
        return merged([head, body(of: kind)])
    }

    /// The schema of a document of any of the kinds, by what its `kind` says.
    package static func schema(ofAnyOf kinds: [DocumentShape]) -> JSONValue {
        let conditions = kinds.map { kind in
            let reference = JSONValue.string("#/definitions/\(kind.name)")
            return condition("kind", is: kind.name, then: .object(["$ref": reference]))
        }
        let definitions = kinds.map { JSONValue.Member(name: $0.name, value: body(of: $0)) }
        let names: JSONValue = .object(["enum": .strings(kinds.map(\.name))])
        return .object([
            "$schema": .string(draft),
            "title": .string("Cattleguard documents"),
            "type": .string("object"),
            "required": .strings(["apiVersion", "kind"]),
            "properties": .object(["kind": names]),
            "allOf": .array(conditions),
            "definitions": .object(definitions),
        ])
    }

    private static func body(of kind: DocumentShape) -> JSONValue {
        merged([
            .object(["description": .string(kind.summary)]),
            object(kind.fields, isRequired: true),
        ])
    }

    /// `if` a field has the value, `then` this holds, too.
    private static func condition(
        _ field: String, is value: String, then schema: JSONValue
    ) -> JSONValue {
        .object([
            "if": .object([
                "properties": .object([field: .object(["const": .string(value)])]),
                "required": .strings([field]),
            ]),
            "then": schema,
        ])
    }

    /// One object of the members of several.
    private static func merged(_ objects: [JSONValue]) -> JSONValue {
        .object(
            objects.flatMap { object -> [JSONValue.Member] in
                if case .object(let members) = object { members } else { [] }
            })
    }
}

// MARK: Shapes

extension PolicySchema {
    private static func schema(of field: ParameterField) -> JSONValue {
        annotated(field, schema(of: field.shape, isRequired: field.isRequired))
    }

    /// A field's schema behind what people read about it.
    private static func annotated(_ field: ParameterField, _ schema: JSONValue) -> JSONValue {
        let fallback = field.fallback.flatMap { $0.isEmpty ? nil : $0 }
        return merged([
            .object([
                "description": field.summary.isEmpty ? nil : .string(field.summary),
                "default": fallback,
            ]), schema,
        ])
    }

    private static func schema(of shape: ParameterShape, isRequired: Bool) -> JSONValue {
        switch shape {
        case .anything: return .object([:])
        case .boolean: return .object(["type": type("boolean", isRequired)])
        case .integer(let range):
            return .object([
                "type": type("integer", isRequired), "minimum": .number(range.lowerBound),
                "maximum": .number(range.upperBound),
            ])
        case .text(let form):
            return .object([
                "type": type("string", isRequired),
                "minLength": form == .filled ? .number(1) : nil,
                "maxLength": form.maximumLength.map(JSONValue.number),
                "pattern": form.pattern.map(JSONValue.string),
            ])
        case .choice(let names):
            let values = names.map(JSONValue.string)
            return .object(["enum": .array(isRequired ? values : values + [.null])])
        case .either(let shapes):
            return .object([
                "anyOf": .array(shapes.map { schema(of: $0, isRequired: isRequired) })
            ])
        case .list(let list): return schema(of: list, isRequired: isRequired)
        case .map:
            return .object([
                "type": type("object", isRequired),
                "additionalProperties": .object(["type": .string("string")]),
            ])
        case .object(let fields): return object(fields, isRequired: isRequired)
        case .variants(let name, let variants):
            return object(variants, by: name, isRequired: isRequired)
        }
    }

    private static func type(_ name: String, _ isRequired: Bool) -> JSONValue {
        isRequired ? .string(name) : .strings([name, "null"])
    }

    private static func schema(
        of list: ParameterShape.List, isRequired: Bool
    ) -> JSONValue {
        let contained = list.apart.map { word in
            JSONValue.object(["contains": .object(["const": .string(word)])])
        }
        // What is no list contains whatever one asks for.
        let both: JSONValue = .object(["type": .string("array"), "allOf": .array(contained)])
        let needed = JSONValue.object([
            "anyOf": .array([
                .object(["maxItems": .number(0)]),
                .object(["contains": .object(["enum": .strings(list.needed)])]),
            ])
        ])
        return .object([
            "type": type("array", isRequired),
            "items": schema(of: list.element, isRequired: true),
            "minItems": list.count.least > 0 ? .number(list.count.least) : nil,
            "maxItems": list.count.most.map(JSONValue.number),
            "uniqueItems": list.isDistinct ? .boolean(true) : nil,
            "not": contained.isEmpty ? nil : both,
            "allOf": list.needed.isEmpty ? nil : .array([needed]),
        ])
    }

    private static func object(_ fields: [ParameterField], isRequired: Bool) -> JSONValue {
        object(
            fields.map { JSONValue.Member(name: $0.name, value: schema(of: $0)) },
            required: fields.filter(\.isRequired).map(\.name), isRequired: isRequired)
    }

    /// An object of these properties and no others.
    private static func object(
        _ properties: [JSONValue.Member], required: [String], isRequired: Bool
    ) -> JSONValue {
        .object([
            "type": type("object", isRequired),
            "properties": .object(properties),
            "required": required.isEmpty ? nil : .strings(required),
            "additionalProperties": .boolean(false),
        ])
    }
}

// MARK: Variants

extension PolicySchema {
    /// What all variants have in common, and for each of them the rest.
    private static func object(
        _ variants: [ParameterShape.Variant], by name: String, isRequired: Bool
    ) -> JSONValue {
        let (common, rests) = split(variants.map(\.fields), isRequired: isRequired)
        let conditions = zip(variants, rests).compactMap { variant, rest in
            rest.map { condition(name, is: variant.value, then: $0) }
        }
        return conditions.isEmpty
            ? common : merged([common, .object(["allOf": .array(conditions)])])
    }

    private typealias Split = (common: JSONValue, rests: [JSONValue?])

    private static func split(_ variants: [[ParameterField]], isRequired: Bool) -> Split {
        guard let first = variants.first else { return (.object([:]), []) }
        let names = first.map(\.name)
        guard variants.allSatisfy({ $0.map(\.name) == names }) else {
            return (
                .object(["type": type("object", isRequired)]),
                variants.map { object($0, isRequired: isRequired) }
            )
        }
        var common: [JSONValue.Member] = []
        var required: [String] = []
        var rests: [[JSONValue.Member]] = Array(repeating: [], count: variants.count)
        var restsRequired: [[String]] = Array(repeating: [], count: variants.count)
        for (index, name) in names.enumerated() {
            let fields = variants.map { $0[index] }
            let parts = split(fields)
            common.append(JSONValue.Member(name: name, value: parts.common))
            let isAlwaysRequired = fields.allSatisfy(\.isRequired)
            if isAlwaysRequired { required.append(name) }
            for (variant, rest) in parts.rests.enumerated() {
                if let rest { rests[variant].append(JSONValue.Member(name: name, value: rest)) }
                if fields[variant].isRequired, !isAlwaysRequired {
                    restsRequired[variant].append(name)
                }
            }
        }
        return (
            object(common, required: required, isRequired: isRequired),
            zip(rests, restsRequired).map { properties, required in
                guard !properties.isEmpty || !required.isEmpty else { return nil }
                return .object([
                    "properties": .object(properties),
                    "required": required.isEmpty ? nil : .strings(required),
                ])
            }
        )
    }

    /// One field in all variants.
    private static func split(_ fields: [ParameterField]) -> Split {
        guard let first = fields.first, fields.contains(where: { $0 != first }) else {
            return (fields.first.map { schema(of: $0) } ?? .object([:]), fields.map { _ in nil })
        }
        let objects = fields.compactMap { field in
            if case .object(let inner) = field.shape { inner } else { nil }
        }
        guard objects.count == fields.count else {
            let isSaidAlike = fields.allSatisfy { $0.summary == first.summary }
            return (
                isSaidAlike ? annotated(first, .object([:])) : .object([:]),
                fields.map { field in
                    isSaidAlike
                        ? schema(of: field.shape, isRequired: field.isRequired) : schema(of: field)
                }
            )
        }
        let (common, rests) = split(objects, isRequired: first.isRequired)
        return (annotated(first, common), rests)
    }
}
